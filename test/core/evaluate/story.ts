/** Stories for one event trigger: a timeline in, its firings out, both as text. */
import { type Bucket, type EvaluateInput, evaluate } from "../../../src/core/evaluate/evaluate.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import { bucketKey, type Match } from "../../../src/core/model/match.ts";
import { arrivalRank } from "../../../src/core/model/rank.ts";
import type { EventTrigger } from "../../../src/core/model/trigger.ts";
import { OneStage } from "../model/one-stage.ts";
import { at, event, ofKind, secondOf, tableFor } from "../model/samples.ts";

/** What is told, in order: `x@30` is seen at 30 s; `x@20>40` happened at 20 and came at 40; `@90` lets time pass. */
const TOLD = /^(\w*)@(-?[\d.]+)(?:>(-?[\d.]+))?$/;

export class Story {
  readonly stage: OneStage<Bucket, EvaluateInput>;
  readonly #trigger: EventTrigger;

  /** The trigger is loaded at second 0. */
  constructor(trigger: EventTrigger, stage = evaluate) {
    this.#trigger = trigger;
    this.stage = new OneStage("evaluate", stage, tableFor(trigger));
    this.stage.load(trigger.id, at(0));
  }

  tell(timeline: string, key: readonly string[] = []): readonly Firing[] {
    for (const told of timeline.split(" ").filter((one) => one !== "")) this.#tell(told, key);
    return this.stage.take().map(({ value }) => ofKind<Firing>("firing", value));
  }

  #tell(told: string, key: readonly string[]): void {
    const [, name = "", occurred = "", received = occurred] = TOLD.exec(told) ?? [];
    if (name === "") {
      this.stage.pass(at(Number(occurred)));
      return;
    }
    const seen = event(told, Number(occurred), { event: name, received: at(Number(received)) });
    const { after, expect } = this.#trigger;
    const match: Match = {
      kind: "match",
      triggerId: this.#trigger.id,
      revision: 7,
      key,
      starts: after.includes(name),
      expected: expect.length === 0 || expect.includes(name),
      event: seen,
      takenAt: seen.received,
      rank: arrivalRank(seen),
    };
    this.stage.give(bucketKey(this.#trigger.id, key), match, seen.received);
  }
}

/** `30 by x@30`: when it was triggered, and the event it names. */
export const told = (firings: readonly Firing[]): string =>
  firings.map((one) => `${secondOf(one.triggered)} by ${one.event?.id ?? "nothing"}`).join(", ");

export const story = (trigger: EventTrigger, timeline: string): string =>
  told(new Story(trigger).tell(timeline));

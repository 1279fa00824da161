/** What must be found in the log at the end, whatever went wrong on the way; told in words where it is not. */
import type { Firing } from "../../../src/core/model/firing.ts";
import { deriveId } from "../../../src/core/model/id.ts";
import type { Rejection } from "../../../src/core/model/rejection.ts";
import { type DueRun, dueAt, type RunCommand, type RunEvent } from "../../../src/core/model/run-command.ts";
import { plus, seconds } from "../../../src/core/model/time.ts";
import type { LogRecord } from "../../../src/runtime/ports.ts";
import type { MemoryBroker } from "../../support/memory-log.ts";
import { unpaid } from "../invariants.ts";
import { onCore } from "../on-core.ts";
import { asText, asUnrankedText } from "../timeline.ts";
import { wireFor } from "./ground.ts";
import type { Plan } from "./plan.ts";
import type { Watched } from "./world.ts";

/** What the core alone makes of the same timeline. */
export const expectedOf = ({ timeline }: Plan): readonly Firing[] =>
  onCore(timeline).filter(({ triggered }) => triggered <= timeline.end);

type Ids = ReadonlySet<string>;

/** Reads what came of a plan. */
export class Findings {
  readonly #plan: Plan;
  readonly #broker: MemoryBroker;

  constructor(plan: Plan, broker: MemoryBroker) {
    this.#plan = plan;
    this.#broker = broker;
  }

  /** Whether so many firings have come about, and what they led to as well. */
  isComplete(expected: readonly Firing[], uncertain: Ids): boolean {
    const wanted = certain(expected, uncertain).length;
    if (this.#records("firings").length < wanted) return false;
    return [...this.#led(), ...this.#ran()].length === 0 && this.#firings(uncertain).length >= wanted;
  }

  /** Everything that is not as it must be. */
  faults(expected: readonly Firing[], { uncertain, failures, junk }: Watched): readonly string[] {
    // Ranks count the triggers of automations that nobody can be certain of, too.
    const textsOf = uncertain.size > 0 ? asUnrankedText : asText;
    return [
      ...differences(textsOf(certain(expected, uncertain)), textsOf(this.#firings(uncertain))),
      ...this.#unpaid(),
      ...this.#led(),
      ...this.#ran(),
      ...this.#rejected(junk),
      ...failures.map((failure) => `a process gave up: ${failure}`),
    ];
  }

  /** Up to the end of the timeline. */
  #firings(uncertain: Ids): readonly Firing[] {
    const { end } = this.#plan.timeline;
    return certain(this.#values<Firing>("firings"), uncertain).filter(({ triggered }) => triggered <= end);
  }

  /** Whatever else is left to chance: every firing on presence is paid for, after what pays for it has come. */
  #unpaid(): readonly string[] {
    const { timeline } = this.#plan;
    if (timeline.steps.some(({ kind }) => kind === "redefine")) return [];
    const firings = this.#values<Firing>("firings");
    return timeline.automations.flatMap(({ id, trigger }) => {
      if (trigger.kind !== "event" || trigger.posture !== "Reactive") return [];
      const own = firings.filter(({ automationId }) => automationId === id);
      const early = own
        .filter(({ triggered }) => triggered < timeline.start)
        .map((one) => `${one.id} came early`);
      return [...unpaid({ trigger, timeline, firings: own }), ...early];
    });
  }

  /** A firing, the event that tells of it and its run are written together. */
  #led(): readonly string[] {
    const firings = this.#values<Firing>("firings");
    const told = this.#records("events").filter(isOurs).map(bodyOf);
    const scheduled = this.#runEvents("scheduled");
    return [
      ...twice(
        "firing",
        firings.map(({ id }) => id),
      ),
      ...twice("event", told),
      ...unpaired("events of ours", told.length, firings.length),
      ...differences(
        firings.map(({ id }) => deriveId("run", id, 0)),
        scheduled.map(({ runId }) => runId),
      ).map((difference) => `scheduled: ${difference}`),
    ];
  }

  /** Every command leaves once, when it is due, and is forgotten. */
  #ran(): readonly string[] {
    const wire = wireFor(this.#plan.partitions);
    const scheduled = this.#runEvents("scheduled").map(({ runId }) => runId);
    const runs = this.#records("due-runs");
    const left = runs.map((record) => wire.decode<DueRun>("due-runs", record).runId);
    const early = runs.filter((record) => record.timestamp < wire.decode<DueRun>("due-runs", record).due);
    const now = this.#broker.now() ?? 0;
    const pending = this.#pending().map((record) => ({
      runId: record.key ?? "",
      due: dueAt(wire.decode<RunCommand>("run-commands", record), record.timestamp),
    }));
    const overdue = pending.filter(({ due }) => plus(due, seconds(1)) < now);
    return [
      ...differences(scheduled, [...left, ...pending.map(({ runId }) => runId)]).map((one) => `run: ${one}`),
      ...differences(
        left,
        this.#runEvents("due").map(({ runId }) => runId),
      ).map((one) => `told as due: ${one}`),
      ...early.map(({ offset }) => `due-runs ${offset} left before it was due`),
      ...overdue.map(({ runId }) => `${runId} is overdue`),
    ];
  }

  #pending(): readonly LogRecord[] {
    const newest = new Map(this.#records("run-commands").map((record) => [record.key, record]));
    return [...newest.values()].filter(({ value }) => value !== null);
  }

  #rejected(junk: readonly string[]): readonly string[] {
    const rejected = this.#values<Rejection>("rejected").map(
      ({ partition, offset }) => `${partition}:${offset}`,
    );
    return differences(junk, rejected).map((difference) => `rejected: ${difference}`);
  }

  #runEvents(kind: RunEvent["kind"]): readonly RunEvent[] {
    return this.#values<RunEvent>("run-events").filter((event) => event.kind === kind);
  }

  #values<T>(topic: string): T[] {
    const wire = wireFor(this.#plan.partitions);
    return this.#records(topic).map((record) => wire.decode<T>(topic, record));
  }

  #records(topic: string): readonly LogRecord[] {
    return this.#broker.committed(wireFor(this.#plan.partitions).nameOf(topic));
  }
}

const certain = (firings: readonly Firing[], uncertain: Ids): readonly Firing[] =>
  firings.filter(({ automationId }) => !uncertain.has(automationId));

const isOurs = ({ key }: LogRecord): boolean => key?.startsWith("prefect.automation.") === true;

const bodyOf = ({ value }: LogRecord): string => new TextDecoder().decode(value ?? undefined);

const twice = (what: string, ids: readonly string[]): readonly string[] =>
  ids.filter((id, i) => ids.indexOf(id) < i).map((id) => `${what} ${id} twice`);

const unpaired = (what: string, found: number, wanted: number): readonly string[] =>
  found === wanted ? [] : [`${found} ${what} for ${wanted} firings`];

/** What is missing and what is too many, each as often as it is. */
function differences(expected: readonly string[], found: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const one of expected) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) - 1);
  return [...counts].flatMap(([one, count]) => {
    if (count === 0) return [];
    return [count > 0 ? `missing: ${one}` : `too many: ${one}`];
  });
}

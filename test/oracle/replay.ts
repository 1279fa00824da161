/** Replays a conformance case on one task: every key at home here, W = `at` of the step (test/oracle/FORMAT.md). */
import assert from "node:assert/strict";
import { act } from "../../src/core/act/act.ts";
import { compose } from "../../src/core/compose/compose.ts";
import { evaluate } from "../../src/core/evaluate/evaluate.ts";
import { match } from "../../src/core/match/match.ts";
import type { Automation } from "../../src/core/model/automation.ts";
import { tableOf } from "../../src/core/model/automation-table.ts";
import type { Event } from "../../src/core/model/event.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import type { JsonObject } from "../../src/core/model/json.ts";
import { type Instant, instant } from "../../src/core/model/time.ts";
import { order } from "../../src/core/order/order.ts";
import type { Stage } from "../../src/core/processor.ts";
import { Chain, type ChainStep } from "../../src/runtime/chain/chain.ts";
import { answerOf } from "./answer.ts";
import { idOf, readAutomation, readEventBody, readTime } from "./bodies.ts";
import type { Case, Step } from "./case.ts";

export interface Answer {
  readonly name: string;
  readonly firings: readonly JsonObject[];
  readonly rejected: readonly string[];
}

const STEPS: readonly ChainStep[] = [
  { name: "order", stage: carried(order), store: "waiting", via: null },
  { name: "match", stage: carried(match), store: null, via: null },
  { name: "evaluate", stage: carried(evaluate), store: "buckets", via: "matches" },
  { name: "compose", stage: carried(compose), store: "slots", via: "child-firings" },
  { name: "act", stage: carried(act), store: null, via: null },
];

/** Each stage knows its own state and inputs; the chain only carries them. */
function carried<State, In>(stage: Stage<State, In>): Stage<unknown, unknown> {
  assert.ok(isCarried(stage));
  return stage;
}

function isCarried(stage: object): stage is Stage<unknown, unknown> {
  return "process" in stage;
}

export function replay(one: Case): Answer {
  const run = new Run(one);
  run.load();
  one.given.script.forEach((step, i) => {
    run.take(step, i);
  });
  return run.answer();
}

class Run {
  readonly #case: Case;
  readonly #chain: Chain;
  readonly #automations = new Map<string, Automation>();
  readonly #firings: JsonObject[] = [];
  readonly #rejected: string[] = [];
  /** How many state-change events each automation has had. */
  readonly #told = new Map<string, number>();
  #step = 0;

  constructor(one: Case) {
    this.#case = one;
    this.#chain = new Chain({ partition: 0, partitions: 1, steps: STEPS, tables: this.#tables() });
  }

  load(): void {
    const at = readTime(this.#case.given.start);
    for (const body of this.#case.given.automations) this.#define(body, at);
    this.#chain.reload(this.#tables(), at);
  }

  take(step: Step, index: number): void {
    this.#step = index;
    const at = readTime(step.at);
    this.#chain.advanceAll(at, (settled) => {
      this.#collect(settled);
    });
    this.#collect(at);
    if (step.event !== undefined) this.#takeEvent(readEventBody(step.event, at), at);
    if (step.upsert_automation !== undefined) this.#define(step.upsert_automation, at);
    if (step.disable !== undefined) this.#switch(step.disable, false);
    if (step.enable !== undefined) this.#switch(step.enable, true);
    if (step.delete !== undefined) this.#automations.delete(step.delete);
    if (step.event === undefined && step.advance === undefined) this.#chain.reload(this.#tables(), at);
  }

  answer(): Answer {
    return { name: this.#case.name, firings: this.#firings, rejected: this.#rejected };
  }

  /** A timer that the event makes due waits for the next step, so that only what was fired is taken on. */
  #takeEvent(event: Event, at: Instant): void {
    this.#chain.arrive("order", event.id, { kind: "event", event }, { gathers: false, at });
    this.#chain.takeGathered(at);
    this.#collect(at);
  }

  /** What has fired is written down, and comes back as events if the case says so. */
  #collect(at: Instant): void {
    const { outputs } = this.#chain.take();
    const firings = outputs.map(({ value }) => value).filter(isFiring);
    const changes = outputs.map(({ value }) => value).filter(isStateChange);
    const names = firings.map((firing, i) => this.#note(firing, required(changes[i])));
    if (this.#case.given.options?.feedback !== true) return;
    changes.forEach((change, i) => {
      this.#takeEvent({ ...change, id: required(names[i]) }, at);
    });
  }

  #note(firing: Firing, change: Event): string {
    const { automationId } = firing;
    const n = this.#told.get(automationId) ?? 0;
    this.#told.set(automationId, n + 1);
    const changeName = `@state:${automationId}#${n}`;
    const automation = required(this.#automations.get(automationId));
    const { variables = {}, options } = this.#case.given;
    const listsChanges = options?.record?.includes("state_events") === true;
    const found = { step: this.#step, firing, automation, change, changeName, variables, listsChanges };
    this.#firings.push(answerOf(found));
    return changeName;
  }

  #define(body: JsonObject, at: Instant): void {
    const id = idOf(body);
    const created = this.#automations.get(id)?.created ?? instant(at + this.#automations.size);
    const automation = readAutomation(body, { created, updated: at });
    if (automation === null) this.#rejected.push(id);
    else this.#automations.set(id, automation);
  }

  #switch(id: string, enabled: boolean): void {
    const automation = this.#automations.get(id);
    if (automation !== undefined) this.#automations.set(id, { ...automation, enabled });
  }

  #tables() {
    const entries = Array.from(this.#automations.values(), (automation) => ({ automation, revision: 0 }));
    return { automations: tableOf(entries), deployments: new Map(), variables: {} };
  }
}

const isFiring = (value: unknown): value is Firing =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "firing";

const isStateChange = (value: unknown): value is Event =>
  typeof value === "object" &&
  value !== null &&
  "event" in value &&
  value.event === "prefect.automation.triggered";

function required<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

/** Runs one stage alone, as the runtime would: keeps its states, wakes its keys in time, hands it what it sends itself. */
import type { AutomationTable } from "../../../src/core/model/automation-table.ts";
import { type Instant, instant } from "../../../src/core/model/time.ts";
import type { Emission, SeenIds, Stage, Wake } from "../../../src/core/processor.ts";
import { worldAt } from "./samples.ts";

export interface Sent extends Emission {
  readonly at: Instant;
}

interface Kept<State> {
  readonly state: State;
  readonly wakeAt: Instant | null;
}

/** A stage sends itself nothing but what it takes. */
const isInput = <In>(value: unknown): value is In => value !== undefined;

export class OneStage<State, In> {
  readonly #name: string;
  readonly #stage: Stage<State, In>;
  readonly #kept = new Map<string, Kept<State>>();
  readonly #taken = new Map<string, Instant>();
  #sent: Sent[] = [];
  automations: AutomationTable;
  /** How far back the memory of ids reaches. */
  reachesBackTo = instant(0);

  constructor(name: string, stage: Stage<State, In>, automations: AutomationTable) {
    this.#name = name;
    this.#stage = stage;
    this.automations = automations;
  }

  get states(): ReadonlyMap<string, State> {
    return new Map(Array.from(this.#kept, ([key, { state }]) => [key, state]));
  }

  /** Gives one input to a key, after everything that is due by then. */
  give(key: string, input: In, time: Instant): void {
    this.pass(time);
    this.#call(key, input, time);
  }

  /** Lets time pass: every key is woken at the time it asked for. */
  pass(until: Instant): void {
    for (let due = this.#nextDue(); due !== null && due <= until; due = this.#nextDue()) {
      const keys = [...this.#kept].filter(([, { wakeAt }]) => wakeAt === due).map(([key]) => key);
      for (const key of keys.toSorted()) this.#call(key, { kind: "wake", at: due }, due);
    }
  }

  /** Loads a trigger, as a table that has just been read does. */
  load(triggerId: string, time: Instant): void {
    const world = worldAt(time, this.automations, this.#seen());
    for (const emission of this.#stage.loaded?.(triggerId, world) ?? []) this.#route(emission, time);
  }

  /** What was sent to others since the last call. */
  take(): readonly Sent[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  #call(key: string, input: In | Wake, time: Instant): void {
    const state = this.#kept.get(key)?.state ?? null;
    const world = worldAt(time, this.automations, this.#seen());
    const outcome = this.#stage.process({ key, state, input }, world);
    if (outcome.state === null) this.#kept.delete(key);
    else this.#kept.set(key, { state: outcome.state, wakeAt: outcome.wakeAt });
    for (const emission of outcome.emit) this.#route(emission, time);
  }

  #route(emission: Emission, time: Instant): void {
    if (emission.to === this.#name) {
      if (isInput<In>(emission.value)) this.#call(emission.key, emission.value, time);
      return;
    }
    if (emission.to === "match") this.#taken.set(emission.key, time);
    this.#sent.push({ ...emission, at: time });
  }

  #nextDue(): Instant | null {
    const dues = Array.from(this.#kept.values(), ({ wakeAt }) => wakeAt).filter((due) => due !== null);
    return dues.length === 0 ? null : instant(Math.min(...dues));
  }

  #seen(): SeenIds {
    return { has: (id) => this.#taken.has(id), reachesBackTo: this.reachesBackTo };
  }
}

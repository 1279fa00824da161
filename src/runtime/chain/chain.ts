/**
 * The chain of one task: takes records and time, calls the stages in the order that semantics.md and design.md
 * section 3 fix, and collects what came of it. It holds all state of the task and does no I/O, so that the same
 * chain runs live, in a replay and in a simulation.
 */
import type { AutomationTable } from "../../core/model/automation-table.ts";
import type { Deployment } from "../../core/model/deployment.ts";
import type { Event } from "../../core/model/event.ts";
import type { Json } from "../../core/model/json.ts";
import { type Instant, instant, later } from "../../core/model/time.ts";
import type { Emission, Stage, Wake, World } from "../../core/processor.ts";
import { partitionOf } from "../partitioner.ts";
import { Inbox } from "./inbox.ts";
import type { Observed } from "./observed.ts";
import { Rules } from "./rules.ts";
import { SeenIdsMemory } from "./seen-ids.ts";
import { type Entry, Store } from "./store.ts";

export type { Observed } from "./observed.ts";
export type { Entry } from "./store.ts";

/** A step of the chain: a stage, and how its inputs travel. */
export interface ChainStep {
  readonly name: string;
  /** Each stage knows its own state and input; the chain only carries them. */
  readonly stage: Stage<unknown, unknown>;
  /** Where its state is kept; null for a step without state. */
  readonly store: string | null;
  /** The topic by which inputs travel whose home is another task. */
  readonly via: string | null;
}

/** A record to be written: to a topic by its key, or to one partition of a `via` topic. */
export interface Output {
  readonly topic: string;
  readonly partition: number | null;
  readonly key: string;
  readonly value: unknown;
  /** For records that travel: whether they gather at their home. */
  readonly gathers: boolean;
  /** For records that travel: the step they are for. */
  readonly step?: string;
}

/** A changed entry of a store; null where the key was forgotten. */
export interface Change {
  readonly store: string;
  readonly key: string;
  readonly entry: Entry | null;
}

/** What processors may look at that is the same in every task. */
export interface Tables {
  readonly automations: AutomationTable;
  readonly deployments: ReadonlyMap<string, Deployment>;
  readonly variables: Readonly<Record<string, Json>>;
}

export interface ChainOptions {
  readonly partition: number;
  readonly partitions: number;
  readonly steps: readonly ChainStep[];
  readonly tables: Tables;
  readonly seenIds?: number;
  /** Shown every call of a stage, once it is done; for those who explain what happened. */
  readonly observe?: (seen: Observed) => void;
}

/** The step that takes events in: what is sent to it counts as taken, and its id is remembered. */
const TAKES_EVENTS = "match";
/** Later than anything that is waited for. */
const NEVER = instant(Number.MAX_SAFE_INTEGER);

export class Chain {
  readonly #options: ChainOptions;
  readonly #steps: ReadonlyMap<string, ChainStep>;
  readonly #stores: ReadonlyMap<string, Store>;
  readonly #inboxes: ReadonlyMap<string, Inbox>;
  readonly #rules = new Rules();
  /** Every store that the changelog keeps. */
  readonly #kept: readonly Store[];
  readonly seen: SeenIdsMemory;
  #tables: Tables;
  #outputs: Output[] = [];
  #changeCount = 0;

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#tables = options.tables;
    this.#steps = new Map(options.steps.map((step) => [step.name, step]));
    this.#stores = new Map(options.steps.map((step) => [step.name, new Store(step.store ?? step.name)]));
    this.#inboxes = new Map(
      options.steps.filter((step) => step.via !== null).map((step) => [step.name, new Inbox(step)]),
    );
    const inboxes = Array.from(this.#inboxes.values(), (inbox) => inbox.store);
    this.#kept = [this.#rules.store, ...this.#stores.values(), ...inboxes];
    this.seen = new SeenIdsMemory(options.seenIds);
  }

  /** Takes an event: this task's own time goes on to its `received` first, then the event goes its way. */
  takeEvent(event: Event): void {
    this.advanceOwn(event.received);
    const first = this.#options.steps[0];
    if (first !== undefined)
      this.#deliver(first, { key: event.id, input: { kind: "event", event } }, event.received);
  }

  /** Takes an input that travelled here through the `via` topic of a step. */
  arrive(stepName: string, key: string, input: unknown, options: { gathers: boolean; at: Instant }): void {
    const step = this.#step(stepName);
    // Decided before its trigger came to mean what it means now (design.md, section 2).
    if (this.#rules.isOutdated(input)) return;
    if (options.gathers) this.#gather(stepName, key, input);
    else this.#deliver(step, { key, input }, options.at);
  }

  #gather(stepName: string, key: string, input: unknown): void {
    this.#inbox(stepName).add(key, input);
    this.#changeCount += 1;
  }

  /**
   * This task's own stream time has come to W: wakes what follows it, each at its own time. Stops early, between two
   * instants, when more than `pendingMax` waits to be taken; returns how far it came.
   */
  advanceOwn(to: Instant, pendingMax = Number.POSITIVE_INFINITY): Instant {
    for (let due = this.#nextOwn(); due !== null && due <= to; due = this.#nextOwn()) {
      // Within one instant bucket timers run before followers are released: later steps first.
      for (const step of this.#options.steps.toReversed()) this.#wake(step, due, false);
      if (this.pending > pendingMax) return justBefore(this.#nextOwn() ?? NEVER, to);
    }
    return to;
  }

  /** The watermark of a gathering step has come to W: its inputs and wake-ups up to then, in order. Stops early likewise. */
  advanceGathering(stepName: string, to: Instant, pendingMax = Number.POSITIVE_INFINITY): Instant {
    const step = this.#step(stepName);
    for (let next = this.#nextGathering(step); next <= to; next = this.#nextGathering(step)) {
      if (this.pending > pendingMax) return instant(next - 1);
      // Wake-ups of an instant come before what is taken at it.
      if (this.#store(stepName).nextDue(true) === next) this.#wake(step, next, true);
      else for (const taken of this.#inbox(stepName).takeAt(next)) this.#deliver(step, taken, next, true);
    }
    return to;
  }

  #nextGathering(step: ChainStep): Instant {
    const due = this.#store(step.name).nextDue(true) ?? NEVER;
    const next = this.#inbox(step.name).nextAt() ?? NEVER;
    return due < next ? due : next;
  }

  /**
   * Takes what has gathered up to W, and wakes nobody: in a replay, what an event led to belongs to its step, and a
   * wake-up it made due to the next (semantics.md, section 1).
   */
  takeGathered(to: Instant): void {
    for (const [name, inbox] of this.#inboxes) {
      for (let next = inbox.nextAt(); next !== null && next <= to; next = inbox.nextAt()) {
        for (const taken of inbox.takeAt(next)) this.#deliver(this.#step(name), taken, next, true);
      }
    }
  }

  /** Everything up to W, instant by instant, where this task is the home of every key: replays. */
  advanceAll(to: Instant, settled: (at: Instant) => void): void {
    for (let due = this.nextDue(); due !== null && due <= to; due = this.nextDue()) {
      this.#settle(due);
      settled(due);
    }
    this.#settle(to);
  }

  #settle(at: Instant): void {
    this.advanceOwn(at);
    for (const name of this.#inboxes.keys()) this.advanceGathering(name, at);
  }

  /** When the next key wants to be woken, whichever clock it follows. */
  nextDue(): Instant | null {
    const dues = [...this.#stores.values()].flatMap((store) => [store.nextDue(false), store.nextDue(true)]);
    return dues.reduce((least, due) => (least === null || (due !== null && due < least) ? due : least), null);
  }

  #nextOwn(): Instant | null {
    let least: Instant | null = null;
    for (const store of this.#stores.values()) {
      const due = store.nextDue(false);
      if (due !== null && (least === null || due < least)) least = due;
    }
    return least;
  }

  /** Whether anything that follows this task's own time wants to be woken by then. */
  isDueBy(at: Instant): boolean {
    const due = this.#nextOwn();
    return due !== null && due <= at;
  }

  /** How much has come about since the last `take`: outputs, and changes of keys. */
  get pending(): number {
    return this.#outputs.length + this.#changeCount;
  }

  /** Of how many keys a step keeps state. */
  sizeOf(stepName: string): number {
    return this.#store(stepName).size;
  }

  /** Whether any trigger gathers its inputs from all tasks, and so needs to know how far they have come. */
  get needsWatermarks(): boolean {
    return this.#tables.automations.gathers;
  }

  /**
   * Goes over to other tables: state whose trigger is gone or means something else is forgotten, triggers that are
   * new are told so at W (semantics.md, section 7).
   */
  reload(tables: Tables, at: Instant): void {
    this.#tables = tables;
    this.#changeCount += 1;
    const { triggers } = tables.automations;
    const changed = this.#rules.changedBy(triggers);
    if (changed.size > 0) this.#forget(changed);
    for (const { trigger, automation } of this.#rules.follow(triggers)) {
      this.#load(trigger.id, later(at, automation.updated));
    }
  }

  #forget(changed: ReadonlySet<string>): void {
    const { triggers } = this.#tables.automations;
    for (const [name, step] of this.#steps) {
      const owner = step.stage.owner;
      if (owner === undefined) continue;
      const goes = (id: string): boolean =>
        changed.has(id) && (owner.keptWhile === "meaning" || !triggers.has(id));
      const store = this.#store(name);
      for (const key of store.keys()) if (goes(owner.of(key))) store.set(key, null);
      this.#inboxes.get(name)?.forget((key) => goes(owner.of(key)));
    }
  }

  #load(triggerId: string, at: Instant): void {
    for (const step of this.#options.steps) {
      for (const emission of step.stage.loaded?.(triggerId, this.#world(at)) ?? []) {
        // Every task loads every trigger; only the home of the key has anything to open.
        if (this.#homeOf(emission) !== this.#options.partition) continue;
        this.#deliver(
          this.#step(emission.to),
          { key: emission.key, input: emission.value },
          at,
          emission.home?.gathers,
        );
      }
    }
  }

  /** Everything that has come of it since the last call. */
  take(): { readonly outputs: readonly Output[]; readonly changes: readonly Change[] } {
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#changeCount = 0;
    return { outputs, changes: this.#kept.flatMap((store) => changesOf(store)) };
  }

  /** Puts back what the changelog kept. */
  restore(storeName: string, key: string, entry: Entry | null): void {
    for (const inbox of this.#inboxes.values()) if (inbox.restore(storeName, key, entry)) return;
    this.#kept.find((store) => store.name === storeName)?.restore(key, entry);
  }

  /** After a restore: an id of an event that was taken before; ids still held as followers are not taken yet. */
  remember(id: string, at: Instant): void {
    // A repeat was dropped when it came: the time of the first stays.
    if (this.seen.has(id, at)) return;
    const first = this.#options.steps[0];
    if (first !== undefined && this.#store(first.name).get(id) !== null) return;
    this.seen.add(id, at);
  }

  #wake(step: ChainStep, due: Instant, gathers: boolean): void {
    const keys = this.#store(step.name).takeDue(due, gathers);
    if (keys.length > 1)
      keys.sort((a, b) => this.#position(step, a) - this.#position(step, b) || (a < b ? -1 : 1));
    const input: Wake = { kind: "wake", at: due };
    for (const key of keys) this.#deliver(step, { key, input }, due, gathers);
  }

  #position(step: ChainStep, key: string): number {
    const id = step.stage.owner?.of(key);
    return id === undefined ? 0 : (this.#tables.automations.triggers.get(id)?.position ?? 0);
  }

  #deliver(step: ChainStep, call: { key: string; input: unknown }, at: Instant, gathers = false): void {
    const store = this.#store(step.name);
    const before = store.get(call.key);
    const state = before?.state ?? null;
    const outcome = step.stage.process({ key: call.key, state, input: call.input }, this.#world(at));
    const { wakeAt } = outcome;
    if (outcome.state !== state || wakeAt !== (before?.wakeAt ?? null)) {
      store.set(call.key, outcome.state === null ? null : { state: outcome.state, wakeAt, gathers });
      this.#changeCount += 1;
    }
    this.#options.observe?.({
      ...call,
      ...outcome,
      step: step.name,
      before: state,
      after: outcome.state,
      at,
    });
    for (const emission of outcome.emit) this.#route(emission, at);
  }

  #route(emission: Emission, at: Instant): void {
    const step = this.#steps.get(emission.to);
    const { key, value } = emission;
    if (step === undefined) {
      this.#outputs.push({ topic: emission.to, partition: null, key, value, gathers: false });
      return;
    }
    if (emission.to === TAKES_EVENTS) this.seen.add(key, at);
    const home = this.#homeOf(emission);
    const gathers = emission.home?.gathers ?? false;
    if (home === this.#options.partition) {
      if (gathers) this.#gather(step.name, key, value);
      else this.#deliver(step, { key, input: value }, at);
    } else if (step.via !== null) {
      this.#outputs.push({ topic: step.via, partition: home, key, value, gathers, step: step.name });
    } else
      throw new Error(`step '${step.name}' has no topic to travel by, but '${key}' lives in task ${home}`);
  }

  #homeOf(emission: Emission): number {
    if (emission.home === null) return this.#options.partition;
    return partitionOf(emission.home.of, this.#options.partitions);
  }

  #world(at: Instant): World {
    return { at, seen: this.seen, ...this.#tables };
  }

  #step(name: string): ChainStep {
    return required(this.#steps.get(name), `no step '${name}' in this role`);
  }

  #store(name: string): Store {
    return required(this.#stores.get(name), `no step '${name}' in this role`);
  }

  #inbox(name: string): Inbox {
    return required(this.#inboxes.get(name), `nothing travels to step '${name}': it has no 'via'`);
  }
}

/** How far everything has been taken when this is what comes next. */
const justBefore = (next: Instant, to: Instant): Instant => (next > to ? to : instant(next - 1));

const changesOf = (store: Store): readonly Change[] =>
  store.takeChanges().map(([key, entry]) => ({ store: store.name, key, entry }));

function required<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Error(otherwise);
  return value;
}

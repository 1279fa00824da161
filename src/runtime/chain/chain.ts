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
import type { Emission, Owner, Stage, Wake, World } from "../../core/processor.ts";
import { partitionOf } from "../partitioner.ts";
import { Inbox } from "./inbox.ts";
import type { Observed } from "./observed.ts";
import { Rules } from "./rules.ts";
import { SeenIdsMemory } from "./seen-ids.ts";
import { type Change, type Entry, Store } from "./store.ts";

export type { Observed } from "./observed.ts";
export { REMEMBERED, REMEMBERED_MAX } from "./seen-ids.ts";
export type { Change, Entry } from "./store.ts";

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
  /** In the order of the steps. */
  readonly #rooms: readonly Room[];
  readonly #roomOf: ReadonlyMap<string, Room>;
  readonly #rules = new Rules();
  /** Every store that the changelog keeps. */
  readonly #kept: readonly Store[];
  readonly seen: SeenIdsMemory;
  #tables: Tables;
  #world: World | null = null;
  #outputs: Output[] = [];
  #changeCount = 0;

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#tables = options.tables;
    this.#rooms = options.steps.map(roomFor);
    this.#roomOf = new Map(this.#rooms.map((room) => [room.step.name, room]));
    const stores = this.#rooms.flatMap(({ store, inbox }) => [store ?? [], inbox?.store ?? []].flat());
    this.#kept = [this.#rules.store, ...stores];
    this.seen = new SeenIdsMemory(options.seenIds);
  }

  /** Takes an event: this task's own time goes on to its `received` first, then the event goes its way. */
  takeEvent(event: Event): void {
    this.advanceOwn(event.received);
    const first = this.#rooms[0];
    if (first !== undefined)
      this.#deliver(first, { key: event.id, input: { kind: "event", event } }, event.received);
  }

  /** Takes an input that travelled here through the `via` topic of a step. */
  arrive(stepName: string, key: string, input: unknown, options: { gathers: boolean; at: Instant }): void {
    const room = this.#room(stepName);
    // Decided before its trigger came to mean what it means now (design.md, section 2).
    if (this.#rules.isOutdated(input)) return;
    if (options.gathers) this.#gather(room, key, input);
    else this.#deliver(room, { key, input }, options.at);
  }

  #gather(room: Room, key: string, input: unknown): void {
    inboxOf(room).add(key, input);
    this.#changeCount += 1;
  }

  /**
   * This task's own stream time has come to W: wakes what follows it, each at its own time. Stops early, between two
   * instants, when more than `pendingMax` waits to be taken; returns how far it came.
   */
  advanceOwn(to: Instant, pendingMax = Number.POSITIVE_INFINITY): Instant {
    for (let due = this.#nextOwn(); due !== null && due <= to; due = this.#nextOwn()) {
      // Within one instant bucket timers run before followers are released: later steps first.
      for (const room of this.#rooms.toReversed()) this.#wake(room, due, false);
      if (this.pending > pendingMax) return justBefore(this.#nextOwn() ?? NEVER, to);
    }
    return to;
  }

  /** The watermark of a gathering step has come to W: its inputs and wake-ups up to then, in order. Stops early likewise. */
  advanceGathering(stepName: string, to: Instant, pendingMax = Number.POSITIVE_INFINITY): Instant {
    const room = this.#room(stepName);
    for (let next = nextGathering(room); next <= to; next = nextGathering(room)) {
      if (this.pending > pendingMax) return instant(next - 1);
      // Wake-ups of an instant come before what is taken at it.
      if (room.store?.nextDue(true) === next) this.#wake(room, next, true);
      else this.#takeAt(room, next);
    }
    return to;
  }

  #takeAt(room: Room, at: Instant): void {
    for (const taken of inboxOf(room).takeAt(at)) this.#deliver(room, taken, at, true);
  }

  /**
   * Takes what has gathered up to W, and wakes nobody: in a replay, what an event led to belongs to its step, and a
   * wake-up it made due to the next (semantics.md, section 1).
   */
  takeGathered(to: Instant): void {
    for (const room of this.#rooms) {
      const { inbox } = room;
      if (inbox === null) continue;
      for (let next = inbox.nextAt(); next !== null && next <= to; next = inbox.nextAt()) {
        this.#takeAt(room, next);
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
    for (const { step, inbox } of this.#rooms) if (inbox !== null) this.advanceGathering(step.name, at);
  }

  /** When the next key wants to be woken, whichever clock it follows. */
  nextDue(): Instant | null {
    return earliest(this.#nextOwn(), this.#nextOf(true));
  }

  #nextOwn(): Instant | null {
    return this.#nextOf(false);
  }

  #nextOf(gathers: boolean): Instant | null {
    let least: Instant | null = null;
    for (const { store } of this.#rooms) {
      if (store !== null) least = earliest(least, store.nextDue(gathers));
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
    return this.#room(stepName).store?.size ?? 0;
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
    this.#world = null;
    this.#changeCount += 1;
    const { triggers } = tables.automations;
    for (const { step } of this.#rooms) step.stage.prepare?.(tables.automations);
    const changed = this.#rules.changedBy(triggers);
    if (changed.size > 0) this.#forget(changed);
    for (const { trigger, automation } of this.#rules.follow(triggers)) {
      this.#load(trigger.id, later(at, automation.updated));
    }
  }

  #forget(changed: ReadonlySet<string>): void {
    const { triggers } = this.#tables.automations;
    for (const { step, store, inbox } of this.#rooms) {
      const { owner } = step.stage;
      if (owner === undefined || store === null) continue;
      const goes = (id: string): boolean =>
        changed.has(id) && (owner.keptWhile === "meaning" || !triggers.has(id));
      for (const key of store.keys()) if (goes(owner.of(key))) store.set(key, null);
      inbox?.forget((key) => goes(owner.of(key)));
    }
  }

  #load(triggerId: string, at: Instant): void {
    for (const { step } of this.#rooms) {
      for (const emission of step.stage.loaded?.(triggerId, this.#worldAt(at)) ?? []) {
        // Every task loads every trigger; only the home of the key has anything to open.
        if (this.#homeOf(emission) !== this.#options.partition) continue;
        const { to, key, value, home } = emission;
        this.#deliver(this.#room(to), { key, input: value }, at, home?.gathers);
      }
    }
  }

  /** Everything that has come of it since the last call. */
  take(): { readonly outputs: readonly Output[]; readonly changes: readonly Change[] } {
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#changeCount = 0;
    const changes: Change[] = [];
    for (const store of this.#kept) store.takeChanges(changes);
    return { outputs, changes };
  }

  /** Puts back what the changelog kept. */
  restore(storeName: string, key: string, entry: Entry | null): void {
    for (const { inbox } of this.#rooms) if (inbox?.restore(storeName, key, entry) === true) return;
    this.#kept.find((store) => store.name === storeName)?.restore(key, entry);
  }

  /** An id of an event that was taken, by a predecessor or without anybody who wanted it; ids still held as followers are not taken yet: for them false. */
  remember(id: string, at: Instant): boolean {
    // A repeat was dropped when it came: the time of the first stays.
    if (this.seen.has(id, at)) return true;
    if (this.#rooms[0]?.store?.get(id)) return false;
    this.seen.add(id, at);
    return true;
  }

  #wake(room: Room, due: Instant, gathers: boolean): void {
    const keys = room.store?.takeDue(due, gathers) ?? [];
    if (keys.length > 1) {
      const { owner } = room.step.stage;
      keys.sort((a, b) => this.#position(owner, a) - this.#position(owner, b) || (a < b ? -1 : 1));
    }
    const input: Wake = { kind: "wake", at: due };
    for (const key of keys) this.#deliver(room, { key, input }, due, gathers);
  }

  #position(owner: Owner | undefined, key: string): number {
    const id = owner?.of(key);
    return id === undefined ? 0 : (this.#tables.automations.triggers.get(id)?.position ?? 0);
  }

  #deliver(room: Room, { key, input }: Delivery, at: Instant, gathers = false): void {
    const { step, store } = room;
    const cell = store === null ? null : store.get(key);
    const state = cell === null ? null : cell.state;
    const outcome = step.stage.process({ key, state, input }, this.#worldAt(at));
    if (store?.change(cell ?? key, outcome, gathers) === true) this.#changeCount += 1;
    const { observe } = this.#options;
    observe?.({ key, input, ...outcome, step: step.name, before: state, after: outcome.state, at });
    for (const emission of outcome.emit) this.#route(emission, at);
  }

  #route(emission: Emission, at: Instant): void {
    const { to, key, home, value } = emission;
    const room = this.#roomOf.get(to);
    if (room === undefined) {
      this.#outputs.push({ topic: to, partition: null, key, value, gathers: false });
      return;
    }
    if (to === TAKES_EVENTS) this.seen.add(key, at);
    const partition = this.#homeOf(emission);
    const gathers = home !== null && home.gathers;
    if (partition === this.#options.partition) {
      if (gathers) this.#gather(room, key, value);
      else this.#deliver(room, { key, input: value }, at);
      return;
    }
    const { name, via } = room.step;
    if (via === null)
      throw new Error(`step '${name}' has no topic to travel by, but '${key}' lives in task ${partition}`);
    this.#outputs.push({ topic: via, partition, key, value, gathers, step: name });
  }

  #homeOf({ home }: Emission): number {
    return home === null ? this.#options.partition : partitionOf(home.of, this.#options.partitions);
  }

  /** The world at W, the same object as long as W and the tables are the same. */
  #worldAt(at: Instant): World {
    if (this.#world?.at !== at) {
      const { automations, deployments, variables } = this.#tables;
      this.#world = { at, seen: this.seen, automations, deployments, variables };
    }
    return this.#world;
  }

  #room(name: string): Room {
    return required(this.#roomOf.get(name), `no step '${name}' in this role`);
  }
}

/** A step with what it keeps: the state of its keys, and the inputs that gather for them. */
interface Room {
  readonly step: ChainStep;
  readonly store: Store | null;
  readonly inbox: Inbox | null;
}

/** An input, and the key it is for. */
interface Delivery {
  readonly key: string;
  readonly input: unknown;
}

const roomFor = (step: ChainStep): Room => ({
  step,
  store: step.store === null ? null : new Store(step.store),
  inbox: step.via === null ? null : new Inbox(step),
});

const inboxOf = ({ step, inbox }: Room): Inbox =>
  required(inbox ?? undefined, `nothing travels to step '${step.name}': it has no 'via'`);

function nextGathering(room: Room): Instant {
  return earliest(room.store?.nextDue(true) ?? null, inboxOf(room).nextAt()) ?? NEVER;
}

const earliest = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null || (b !== null && b < a) ? b : a;

/** How far everything has been taken when this is what comes next. */
const justBefore = (next: Instant, to: Instant): Instant => (next > to ? to : instant(next - 1));

function required<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Error(otherwise);
  return value;
}

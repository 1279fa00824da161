/** A task's state as its changelog tells it, up to an offset: what a task starts from, and what a standby keeps warm. */
import { type Instant, instant, later } from "../../core/model/time.ts";
import type { Stage } from "../../core/processor.ts";
import type { Role } from "../../topology/topology.ts";
import { Chain, type Tables } from "../chain/chain.ts";
import type { Batch, Log, LogRecord } from "../ports.ts";
import { type Restores, readBack } from "../restores.ts";
import type { Wire } from "../wire.ts";
import { TAKEN_IDS, type TakenId, TakenIds } from "./taken-ids.ts";

/** Where the last commit stood: it is written in the same transaction as the state. */
export interface Positions {
  /** By topic, the offset to read on from. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly streamTime: Instant;
  /** The `received` of the last event taken. */
  readonly lastReceived: Instant;
  /** By table, the offset up to which it was read, not included. */
  readonly tables: Readonly<Record<string, number>>;
}

/** The store under which positions stand in the changelog. */
export const POSITIONS = "positions";
const NOWHERE: Positions = { inputs: {}, streamTime: instant(0), lastReceived: instant(0), tables: {} };

export interface CopyOptions {
  readonly role: Role;
  readonly stages: Readonly<Record<string, Stage<unknown, unknown>>>;
  readonly partition: number;
  readonly partitions: number;
  readonly wire: Wire;
  readonly tables: { readonly current: () => Tables };
}

export class Copy {
  readonly chain: Chain;
  readonly takenIds = new TakenIds();
  /** The name of the changelog on the broker. */
  readonly changelog: string;
  readonly #options: CopyOptions;
  #positions = NOWHERE;
  /** The offset up to which the changelog was read, not included; null before the first record. */
  #next: number | null = null;
  /** Taken ids of events that wait for the one they follow: they count as seen when they are let go. */
  readonly #held = new Map<string, TakenId>();

  constructor(options: CopyOptions) {
    this.#options = options;
    const { role, stages, partition, partitions, tables, wire } = options;
    const steps = role.steps.map((step) => {
      const stage = stages[step.name];
      if (stage === undefined) throw new Error(`roles.${role.name}.${step.name}: no such processor`);
      return { name: step.name, stage, store: step.store, via: step.via };
    });
    if (role.changelog === null) throw new Error(`roles.${role.name}: the topology names no changelog`);
    this.chain = new Chain({ partition, partitions, steps, tables: tables.current() });
    this.changelog = wire.nameOf(role.changelog);
  }

  get positions(): Positions {
    return this.#positions;
  }

  /** Where to read on; the start of the changelog before anything was read. */
  async next(log: Log): Promise<number> {
    this.#next ??= await log.start(this.changelog, this.#options.partition);
    return this.#next;
  }

  /**
   * Reads on to the end of the changelog. What it then holds is whole only if nobody else can append any more: the
   * task's one writer was opened before (design.md, section 2).
   */
  async catchUp(log: Log, isStopping: () => boolean, restores: Restores | null = null): Promise<void> {
    const { partition } = this.#options;
    const topic = this.changelog;
    const end = await log.end(topic, partition);
    const offset = await this.next(log);
    const take = (record: LogRecord): void => this.#take(record);
    await readBack(log, { from: { topic, partition, offset }, end, take, isStopping }, restores);
    this.#settle(Math.max(offset, end));
  }

  /** The next of the changelog, as a reader that follows it has found it. */
  follow(batch: Batch): void {
    for (const record of batch.records) this.#take(record);
    this.#settle(batch.nextOffset);
    // What was taken out of an inbox is passed over here, where nobody takes.
    for (const { name, via } of this.#options.role.steps) {
      if (via !== null) this.chain.advanceGathering(name, instant(0));
    }
  }

  #take(record: LogRecord): void {
    const { store, key, entry } = this.#options.wire.decodeChange(record);
    if (store === POSITIONS) this.#positions = isPositions(entry?.state) ? entry.state : NOWHERE;
    else if (store === TAKEN_IDS) this.takenIds.restore(key, entry);
    else this.chain.restore(store, key, entry);
  }

  #remember(taken: TakenId): void {
    const { id, received } = taken;
    if (this.chain.remember(id, received)) this.#held.delete(id);
    else this.#held.set(id, taken);
  }

  #settle(next: number): void {
    this.#next = next;
    for (const taken of this.#held.values()) this.#remember(taken);
    for (const taken of this.takenIds.takeRestored()) this.#remember(taken);
    this.chain.seen.startFrom(later(this.chain.seen.reachesBackTo, this.takenIds.reachesBackTo));
  }
}

const isPositions = (state: unknown): state is Positions =>
  typeof state === "object" && state !== null && "inputs" in state && "streamTime" in state;

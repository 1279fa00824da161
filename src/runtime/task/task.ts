/**
 * A task of the evaluator: one partition number of its topics, worked exactly once. Its state, its outputs and its
 * positions change together, in one transaction, or not at all (design.md, section 2). Whatever goes wrong, the task
 * ends with a LogError and is built anew.
 */

import { type Duration, type Instant, instant, later, millis, minus } from "../../core/model/time.ts";
import type { Stage } from "../../core/processor.ts";
import type { Role } from "../../topology/topology.ts";
import { Chain, type Tables } from "../chain/chain.ts";
import { Poison } from "../poison.ts";
import type { Batch, Log, LogRecord, NewRecord, Position, Reader, Ticker, Writer } from "../ports.ts";
import { Unreadable } from "../ports.ts";
import { rejection } from "../rejected.ts";
import type { Watermark, Wire } from "../wire.ts";
import { POSITIONS, type Positions, restoreIds, restoreState } from "./restore.ts";
import { Watermarks } from "./watermarks.ts";

/** The tables as they are now. */
export interface CurrentTables extends Tables {
  /** Tells when they have changed. */
  readonly version: number;
  /** The offset up to which the automations were read, not included: their revisions are offsets. */
  readonly reach: number;
}

export interface TableSource {
  readonly current: () => CurrentTables;
  /** Resolves when the automations are read past this offset. */
  readonly reached: (offset: number) => Promise<void>;
}

export interface TaskOptions {
  readonly role: Role;
  readonly stages: Readonly<Record<string, Stage<unknown, unknown>>>;
  readonly partition: number;
  readonly partitions: number;
  readonly log: Log;
  readonly wire: Wire;
  readonly ticker: Ticker;
  readonly tables: TableSource;
  /** How far the broker's clocks may be apart (design.md, section 3). */
  readonly clockSkew: Duration;
  /** Told what did not go as it should, and was mended. */
  readonly report: (problem: string) => void;
  /** What predecessors died of. */
  readonly poison: readonly Poison[];
}

/** Commit when the input has run dry, or when this much has gathered. */
const GATHERED_RECORDS = 5_000;
const GATHERED_MS = 100;
/** Records taken between two pauses for others. */
const SLICE = 250;
const IDLE_POLL_MS = 100;
/** Between two announcements, at work and at rest. */
const ANNOUNCE_MS = { busy: 200, idle: 500 };

export class Task {
  readonly #options: TaskOptions;
  readonly #chain: Chain;
  readonly #events: string;
  /** The topics records travel by to their home, in the order of the steps. */
  readonly #vias: readonly { readonly topic: string; readonly step: string }[];
  readonly #watermarks: Watermarks;
  readonly #positions = new Map<string, number>();
  readonly #rejected: NewRecord[] = [];
  #tables: CurrentTables | null = null;
  /** The highest `received` taken: none later may be earlier. */
  #lastReceived = instant(0);
  /** Nothing with `received` up to here is still to come. */
  #streamTime = instant(0);
  #committedTime = instant(0);
  #announced = { at: 0, times: new Map<string, Instant>(), isNews: false };
  #uncommitted = { records: 0, since: 0 };
  #reader: Reader | null = null;
  #isStopping = false;

  constructor(options: TaskOptions) {
    this.#options = options;
    const { role, stages, partition, partitions } = options;
    const steps = role.steps.map((step) => {
      const stage = stages[step.name];
      if (stage === undefined) throw new Error(`roles.${role.name}.${step.name}: no such processor`);
      return { name: step.name, stage, store: step.store, via: step.via };
    });
    this.#chain = new Chain({ partition, partitions, steps, tables: options.tables.current() });
    this.#events = inputOf(role);
    this.#vias = steps.flatMap((step) => (step.via === null ? [] : [{ topic: step.via, step: step.name }]));
    this.#watermarks = new Watermarks(partition, partitions);
  }

  /** Works until stopped; throws LogError when the task must be built anew. */
  async run(): Promise<void> {
    const { log, role, wire, partition } = this.#options;
    const writer = await log.openWriter(`${wire.nameOf(role.name)}.${partition}`);
    try {
      await this.#restore();
      this.#reader = await log.openReader(await this.#startingPoints());
      await this.#work(writer, this.#reader);
    } finally {
      await Promise.allSettled([writer.close(), this.#reader?.close()]);
    }
  }

  /** Asks the task to finish what it has taken, commit, and end. */
  stop(): void {
    this.#isStopping = true;
    this.#reader?.wakeUp();
  }

  async #work(writer: Writer, reader: Reader): Promise<void> {
    let polled = reader.poll(0);
    // A commit may fail while a poll is under way; whatever that poll then says no longer matters.
    polled.catch(() => {});
    while (!this.#isStopping) {
      const batches = await polled;
      this.#switchTables();
      const count = await this.#takeAll(batches, writer);
      this.#advance(batches);
      polled = reader.poll(this.#isDirty ? 0 : IDLE_POLL_MS);
      polled.catch(() => {});
      if (this.#isDirty && (count === 0 || this.#hasGathered)) await this.#commit(writer);
      await this.#announce(writer);
    }
    if (this.#isDirty) await this.#commit(writer);
  }

  get #isDirty(): boolean {
    return this.#uncommitted.records > 0;
  }

  get #hasGathered(): boolean {
    const { records, since } = this.#uncommitted;
    return records >= GATHERED_RECORDS || this.#options.ticker.now() - since >= GATHERED_MS;
  }

  /** Notes that there is something to commit. */
  #count(records: number): void {
    if (records === 0) return;
    if (!this.#isDirty) this.#uncommitted.since = this.#options.ticker.now();
    this.#uncommitted.records += records;
    this.#announced.isNews = true;
  }

  #switchTables(): void {
    const tables = this.#options.tables.current();
    if (tables.version === this.#tables?.version) return;
    this.#tables = tables;
    this.#chain.reload(tables, this.#streamTime);
    this.#count(1);
  }

  /** Waits until this process has read the automations as far as somebody else had. */
  async #catchUp(reach: number): Promise<void> {
    await this.#options.tables.reached(reach - 1);
    this.#switchTables();
  }

  async #takeAll(batches: readonly Batch[], writer: Writer): Promise<number> {
    let count = 0;
    for (const batch of batches) {
      const topic = this.#options.wire.topicNamed(batch.topic);
      for (let from = 0; from < batch.records.length; from += SLICE) {
        const slice = batch.records.slice(from, from + SLICE);
        for (const record of slice) count += await this.#take(topic, record);
        await this.#options.ticker.breathe();
        if (this.#uncommitted.records >= GATHERED_RECORDS) await this.#commit(writer);
      }
      this.#positions.set(topic, Math.max(batch.nextOffset, this.#positions.get(topic) ?? 0));
    }
    return count;
  }

  /** Takes a record, or rejects what cannot be taken; returns how much there is to commit for it. */
  async #take(topic: string, record: LogRecord): Promise<number> {
    let work = 1;
    try {
      this.#refusePoison(topic, record);
      if (topic === this.#events) this.#takeEvent(topic, record);
      else work = await this.#takeTravelled(topic, record);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const { partition, wire } = this.#options;
      this.#rejected.push(wire.encode(rejection({ topic, partition }, record, error.message)));
    }
    this.#positions.set(topic, record.offset + 1);
    this.#count(work);
    return work;
  }

  #takeEvent(topic: string, record: LogRecord): void {
    const { wire, partition } = this.#options;
    const notBefore = later(this.#lastReceived, instant(this.#streamTime + 1));
    const event = wire.decodeEvent({ topic, partition }, record, notBefore);
    this.#lastReceived = event.received;
    // What time brings about is not the event's fault.
    this.#chain.advanceOwn(event.received);
    poisonous({ topic, offset: record.offset }, () => {
      this.#chain.takeEvent(event);
    });
    this.#streamTime = later(this.#streamTime, minus(event.received, millis(1)));
  }

  /** Announcements are no work: what they lead to is, when it comes about. */
  async #takeTravelled(topic: string, record: LogRecord): Promise<number> {
    const value = this.#options.wire.decode<Travelling>(topic, record);
    if (value.kind === "watermark") {
      this.#watermarks.hear(topic, value.task, value.at);
      return 0;
    }
    const via = this.#vias.find((one) => one.topic === topic);
    if (via === undefined || record.key === null) throw new Unreadable(`nothing here reads from '${topic}'`);
    const { key } = record;
    if (value.revision >= (this.#tables?.reach ?? 0)) await this.#catchUp(value.revision + 1);
    const gathers = this.#options.wire.gathers(record);
    poisonous({ topic, offset: record.offset }, () => {
      this.#chain.arrive(via.step, key, value, { gathers, at: this.#streamTime });
    });
    return 1;
  }

  #refusePoison(topic: string, { offset }: LogRecord): void {
    const poison = this.#options.poison.find((one) => one.topic === topic && one.offset === offset);
    if (poison !== undefined) throw new Unreadable(poison.message);
  }

  /** Lets time pass: on a partition with nothing left, up to when that was asked; for what gathers, up to the watermark. */
  #advance(batches: readonly Batch[]): void {
    const quiet = batches.find((batch) => this.#options.wire.topicNamed(batch.topic) === this.#events);
    if (quiet?.isAtEnd === true && quiet.askedAt !== null) {
      this.#streamTime = later(this.#streamTime, minus(quiet.askedAt, this.#options.clockSkew));
      this.#chain.advanceOwn(this.#streamTime);
    }
    let own = this.#streamTime;
    for (const { topic, step } of this.#vias) {
      own = this.#watermarks.least(topic, own);
      this.#chain.advanceGathering(step, own);
    }
    this.#count(this.#chain.hasWork ? 1 : 0);
  }

  async #commit(writer: Writer): Promise<void> {
    const { wire, partition, role } = this.#options;
    const { outputs, changes } = this.#chain.take();
    const changelog = required(role.changelog);
    const records = [
      ...outputs.map((output) => wire.encode(output)),
      ...this.#rejected.splice(0),
      ...changes.map((change) => wire.encodeChange(changelog, partition, change)),
      wire.encodeChange(changelog, partition, { store: POSITIONS, key: "", entry: this.#positionEntry() }),
    ];
    this.#uncommitted = { records: 0, since: 0 };
    await writer.commit(records);
    this.#committedTime = this.#streamTime;
  }

  #positionEntry() {
    const state: Positions = {
      inputs: Object.fromEntries(this.#positions),
      streamTime: this.#streamTime,
      tables: { automations: this.#tables?.reach ?? 0 },
    };
    return { state, wakeAt: null, gathers: false };
  }

  /** What this task can announce through each topic: that far has everything been taken that leads there. */
  #ownTimes(): Map<string, Instant> {
    let own = this.#streamTime;
    const times = new Map<string, Instant>();
    for (const { topic } of this.#vias) {
      times.set(topic, own);
      own = this.#watermarks.least(topic, own);
    }
    return times;
  }

  /**
   * Tells the other tasks how far this one has come: outside the transaction, after the commit it rests on. Once true
   * it stays true, so it does no harm to say it twice.
   */
  async #announce(writer: Writer): Promise<void> {
    const { ticker, partitions, log } = this.#options;
    if (partitions === 1 || !this.#chain.needsWatermarks || this.#isDirty) return;
    const pause = this.#announced.isNews ? ANNOUNCE_MS.busy : ANNOUNCE_MS.idle;
    if (ticker.now() - this.#announced.at < pause) return;
    this.#announced.at = ticker.now();
    this.#announced.isNews = false;
    if (this.#streamTime > this.#committedTime) await this.#commit(writer);
    const records = Array.from(this.#ownTimes(), ([topic, at]) => this.#announcement(topic, at)).flat();
    if (records.length > 0) await log.append(records);
  }

  #announcement(topic: string, at: Instant): NewRecord[] {
    const { partitions, partition, wire } = this.#options;
    if (at <= (this.#announced.times.get(topic) ?? 0)) return [];
    this.#announced.times.set(topic, at);
    const value: Watermark = { kind: "watermark", task: partition, at };
    const others = Array.from({ length: partitions }, (_, to) => to).filter((to) => to !== partition);
    return others.map((to) => wire.encode({ topic, partition: to, key: "", value, gathers: false }));
  }

  async #restore(): Promise<void> {
    const { log, wire, partition, role } = this.#options;
    const changelog = required(role.changelog);
    const positions = await restoreState({ log, wire, changelog, partition, chain: this.#chain });
    for (const [topic, offset] of Object.entries(positions.inputs)) this.#positions.set(topic, offset);
    this.#streamTime = positions.streamTime;
    this.#committedTime = positions.streamTime;
    // By automations older than those its state rests on it would forget what they had counted.
    await this.#catchUp(positions.tables["automations"] ?? 0);
    const until = this.#positions.get(this.#events) ?? 0;
    this.#lastReceived = await restoreIds({ log, wire, partition, chain: this.#chain }, this.#events, until);
  }

  async #startingPoints(): Promise<readonly Position[]> {
    const topics = [this.#events, ...this.#vias.map(({ topic }) => topic)];
    return Promise.all(topics.map((topic) => this.#startingPoint(topic)));
  }

  /** Where the last commit stood; where records were deleted meanwhile, the first that is left, and that is told. */
  async #startingPoint(name: string): Promise<Position> {
    const { log, wire, partition, report } = this.#options;
    const topic = wire.nameOf(name);
    const start = await log.start(topic, partition);
    const position = this.#positions.get(name) ?? start;
    if (position < start) {
      report(
        `${topic}, partition ${partition}: offsets ${position} to ${start - 1} were deleted before they were read; ` +
          "keep this topic longer than its evaluators may be away",
      );
    }
    return { topic, partition, offset: Math.max(position, start) };
  }
}

/** What comes through the topics that records travel by. */
type Travelling = Watermark | { readonly kind: "match" | "firing"; readonly revision: number };

/** Does something with a record; what goes wrong there is laid at its door. */
function poisonous(place: { readonly topic: string; readonly offset: number }, take: () => void): void {
  try {
    take();
  } catch (error) {
    throw new Poison(place, error);
  }
}

/** The topic a role takes its records from: the one its first step reads. */
function inputOf(role: Role): string {
  return required(role.steps[0]?.from[0]);
}

function required<T>(value: T | null | undefined): T {
  if (value === null || value === undefined)
    throw new Error("the topology names no changelog or input for this role");
  return value;
}

/**
 * A task of the evaluator: one partition number of its topics, worked exactly once. Its state, its outputs and its
 * positions change together, in one transaction, or not at all (design.md, section 2). Whatever goes wrong, the task
 * ends with a LogError and is built anew.
 */

import { type Duration, type Instant, instant, later, millis, minus } from "../../core/model/time.ts";
import type { Stage } from "../../core/processor.ts";
import type { Role } from "../../topology/topology.ts";
import type { Chain } from "../chain/chain.ts";
import { blaming, type Poison } from "../poison.ts";
import type { Batch, Log, LogRecord, NewRecord, Position, Reader, Ticker, Writer } from "../ports.ts";
import { Unreadable } from "../ports.ts";
import { rejection } from "../rejected.ts";
import type { Restores } from "../restores.ts";
import { Passing } from "../scan/scan.ts";
import type { Travelling, Watermark, Wire } from "../wire.ts";
import { Announcer } from "./announcer.ts";
import { Copy, POSITIONS, type Positions } from "./copy.ts";
import { GATHERED_RECORDS, Gathered } from "./gathered.ts";
import { readInTime } from "./read-in-time.ts";
import { startingPoint } from "./starting-point.ts";
import type { CurrentTables, TableSource } from "./tables.ts";
import { inputOf, stepFor, type Via, viasOf } from "./vias.ts";
import { Watermarks } from "./watermarks.ts";

export { Copy } from "./copy.ts";
export { Standby } from "./standby.ts";
export type { CurrentTables, TableSource } from "./tables.ts";

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
  /** What a standby has kept of the task's state; the task reads on from there. */
  readonly copy?: Copy | null;
  /** Told how the restore comes on. */
  readonly restores?: Restores;
}

/** Records taken between two pauses for others. */
const SLICE = 250;
const IDLE_POLL_MS = 100;

export class Task {
  readonly #options: TaskOptions;
  /** What the task starts from; its chain and its memory of ids are worked on from then on. */
  readonly #copy: Copy;
  readonly #chain: Chain;
  readonly #passing: Passing;
  readonly #events: string;
  /** The topics records travel by to their home, in the order of the steps. */
  readonly #vias: readonly Via[];
  readonly #watermarks: Watermarks;
  readonly #announcer: Announcer;
  readonly #positions = new Map<string, number>();
  readonly #rejected: NewRecord[] = [];
  #tables: CurrentTables | null = null;
  /** The highest `received` taken: none later may be earlier. */
  #lastReceived = instant(0);
  /** Nothing with `received` up to here is still to come. */
  #streamTime = instant(0);
  #committedTime = instant(0);
  readonly #gathered: Gathered;
  /** Records taken so far. */
  #taken = 0;
  #reader: Reader | null = null;
  #isStopping = false;
  readonly #stopped = Promise.withResolvers<void>();

  constructor(options: TaskOptions) {
    this.#options = options;
    const { role, partition, partitions } = options;
    this.#copy = options.copy ?? new Copy(options);
    this.#chain = this.#copy.chain;
    this.#passing = new Passing(this.#chain);
    this.#events = inputOf(role);
    this.#vias = viasOf(role);
    this.#watermarks = new Watermarks(partition, partitions);
    this.#announcer = new Announcer(options);
    this.#gathered = new Gathered(options.ticker);
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
    this.#stopped.resolve();
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
      await this.#advance(batches, writer);
      polled = reader.poll(this.#gathered.isDue ? 0 : IDLE_POLL_MS);
      polled.catch(() => {});
      if (this.#gathered.isDue && (count === 0 || this.#gathered.isMuch)) await this.#commit(writer);
      await this.#announce(writer);
    }
    if (!this.#gathered.isEmpty) await this.#commit(writer);
  }

  /** Whether memory should not hold more of what is not committed. */
  get #isFull(): boolean {
    return this.#gathered.isFull || this.#chain.pending > 2 * GATHERED_RECORDS;
  }

  /** Notes that there is something to commit. */
  #count(records: number): void {
    this.#gathered.note(records);
    if (records > 0) this.#announcer.noteWork();
  }

  #switchTables(): void {
    const tables = this.#options.tables.current();
    if (tables.version === this.#tables?.version) return;
    this.#tables = tables;
    this.#chain.reload(tables, this.#streamTime);
    this.#count(1);
  }

  /** Waits until this process has read the automations as far as somebody else had; not for ever. */
  async #catchUp(reach: number): Promise<void> {
    await readInTime(this.#options, reach - 1, this.#stopped.promise);
    this.#switchTables();
  }

  async #takeAll(batches: readonly Batch[], writer: Writer): Promise<number> {
    const before = this.#taken;
    for (const batch of batches) {
      const topic = this.#options.wire.topicNamed(batch.topic);
      for (let from = 0; from < batch.records.length; from += SLICE) {
        const slice = batch.records.slice(from, from + SLICE);
        if (topic === this.#events) await this.#takeEvents(slice, writer);
        else await this.#takeTravelled(topic, slice, writer);
        await this.#options.ticker.breathe();
      }
      this.#positions.set(topic, Math.max(batch.nextOffset, this.#positions.get(topic) ?? 0));
    }
    return this.#taken - before;
  }

  async #takeEvents(records: readonly LogRecord[], writer: Writer): Promise<void> {
    for (const record of records) {
      // What time brings about comes first, and is not the event's fault.
      if (this.#chain.isDueBy(record.timestamp)) await this.#passTime(record.timestamp, writer);
      this.#guard(this.#events, record, () => this.#takeEvent(record));
      if (this.#isFull) await this.#commit(writer);
    }
  }

  async #takeTravelled(topic: string, records: readonly LogRecord[], writer: Writer): Promise<void> {
    const values = records.map((record) => this.#read(topic, record));
    // What was decided by a revision waits until this process has read it; an announcement was decided by none.
    const newest = Math.max(-1, ...values.map((value) => ("revision" in value ? value.revision : -1)));
    if (newest >= (this.#tables?.reach ?? 0)) await this.#catchUp(newest + 1);
    for (const [i, record] of records.entries()) {
      const value = values[i];
      if (value !== undefined && "task" in value) this.#hear(topic, record, value);
      else this.#guard(topic, record, () => this.#arrive(topic, record, value));
      if (this.#isFull) await this.#commit(writer);
    }
  }

  #read(topic: string, record: LogRecord): Travelling | Unreadable {
    try {
      return this.#options.wire.decode<Travelling>(topic, record);
    } catch (error) {
      if (error instanceof Unreadable) return error;
      throw error;
    }
  }

  /**
   * Takes a record, if `take` says that there was anything to take; what cannot be taken is rejected, with its place
   * and the reason, and the task goes on.
   */
  #guard(topic: string, record: LogRecord, take: () => boolean): void {
    let isPassed = false;
    try {
      this.#refusePoison(topic, record);
      isPassed = !take();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const { partition, wire } = this.#options;
      this.#rejected.push(wire.encode(rejection({ topic, partition }, record, error.message)));
    }
    this.#positions.set(topic, record.offset + 1);
    this.#taken += 1;
    if (isPassed) this.#gathered.notePassed();
    else this.#count(1);
  }

  /** False for an event that nobody wants. */
  #takeEvent(record: LogRecord): boolean {
    const place = { topic: this.#events, offset: record.offset };
    const notBefore = later(this.#lastReceived, instant(this.#streamTime + 1));
    const received = later(record.timestamp, notBefore);
    const passed = blaming(place, () =>
      this.#passing.pass(record.value, received, this.#tables?.automations),
    );
    const id = passed ?? this.#readEvent(record, notBefore);
    if (id !== null) this.#copy.takenIds.add(id, received);
    this.#lastReceived = received;
    this.#streamTime = later(this.#streamTime, minus(received, millis(1)));
    return passed === null;
  }

  /** Takes the event that a record holds; returns its id, if a repeat of it is to be told by that. */
  #readEvent(record: LogRecord, notBefore: Instant): string | null {
    const { wire, partition } = this.#options;
    const event = wire.decodeEvent({ topic: this.#events, partition }, record, notBefore);
    const { id, received, follows } = event;
    const isRepeat = this.#chain.seen.has(id, received);
    blaming({ topic: this.#events, offset: record.offset }, () => this.#chain.takeEvent(event));
    // One that follows may be held, and count as seen when it is let go.
    return !isRepeat && (follows !== null || this.#chain.seen.has(id, received)) ? id : null;
  }

  /** An announcement is no work: what it leads to is, when it comes about. */
  #hear(topic: string, record: LogRecord, { task, at }: Watermark): void {
    this.#watermarks.hear(topic, task, at);
    this.#positions.set(topic, record.offset + 1);
  }

  #arrive(topic: string, record: LogRecord, value: Travelling | Unreadable | undefined): boolean {
    if (value instanceof Unreadable) throw value;
    const step = stepFor(this.#vias, topic, this.#options.wire.stepOf(record));
    const { key } = record;
    if (step === undefined || key === null) throw new Unreadable(`nothing here reads this from '${topic}'`);
    const gathers = this.#options.wire.gathers(record);
    blaming({ topic, offset: record.offset }, () => {
      this.#chain.arrive(step, key, value, { gathers, at: this.#streamTime });
    });
    return true;
  }

  #refusePoison(topic: string, { offset }: LogRecord): void {
    const poison = this.#options.poison.find((one) => one.topic === topic && one.offset === offset);
    if (poison !== undefined) throw new Unreadable(poison.message);
  }

  /** Lets time pass: on a partition with nothing left, up to when that was asked; for what gathers, up to the watermark. */
  async #advance(batches: readonly Batch[], writer: Writer): Promise<void> {
    const quiet = batches.find((batch) => this.#options.wire.topicNamed(batch.topic) === this.#events);
    if (quiet?.isAtEnd === true && quiet.askedAt !== null) {
      const asked = minus(quiet.askedAt, this.#options.clockSkew);
      await this.#passTime(asked, writer);
      this.#streamTime = later(this.#streamTime, asked);
    }
    let own = this.#streamTime;
    for (const { topic, steps } of this.#vias) {
      own = this.#watermarks.least(topic, own);
      for (const step of steps) {
        await this.#inPortions(own, writer, (to) => this.#chain.advanceGathering(step, to, GATHERED_RECORDS));
      }
    }
    this.#count(this.#chain.pending > 0 ? 1 : 0);
  }

  /** This task's own time goes on to W, whatever is received at W still to come. */
  async #passTime(to: Instant, writer: Writer): Promise<void> {
    await this.#inPortions(to, writer, (next) => {
      const reached = this.#chain.advanceOwn(next, GATHERED_RECORDS);
      this.#streamTime = later(this.#streamTime, reached < to ? reached : instant(to - 1));
      return reached;
    });
    this.#count(this.#chain.pending > 0 ? 1 : 0);
  }

  /** What long silence has brought about may be more than memory holds: it is committed in portions. */
  async #inPortions(to: Instant, writer: Writer, advance: (to: Instant) => Instant): Promise<void> {
    while (advance(to) < to) {
      await this.#commit(writer);
      await this.#options.ticker.breathe();
    }
  }

  async #commit(writer: Writer): Promise<void> {
    const { wire, partition, role } = this.#options;
    const { outputs, changes } = this.#chain.take();
    const changelog = required(role.changelog);
    // Of an event that is held and of its id, the restore must meet the event first.
    const kept = [
      ...changes,
      ...this.#copy.takenIds.takeChanges(),
      { store: POSITIONS, key: "", entry: this.#positionEntry() },
    ];
    const records = [
      ...outputs.map((output) => wire.encode(output)),
      ...this.#rejected.splice(0),
      ...kept.map((change) => wire.encodeChange(changelog, partition, change)),
    ];
    this.#gathered.clear();
    await writer.commit(records);
    this.#committedTime = this.#streamTime;
  }

  #positionEntry() {
    const state: Positions = {
      inputs: Object.fromEntries(this.#positions),
      streamTime: this.#streamTime,
      lastReceived: this.#lastReceived,
      tables: { automations: this.#tables?.reach ?? 0 },
    };
    return { state, wakeAt: null, gathers: false };
  }

  /** Tells the other tasks how far this one has come: outside the transaction, after the commit it rests on. */
  async #announce(writer: Writer): Promise<void> {
    if (this.#gathered.isDue || !this.#chain.needsWatermarks || !this.#announcer.isDue()) return;
    if (this.#streamTime > this.#committedTime) await this.#commit(writer);
    const topics = this.#vias.map(({ topic }) => topic);
    await this.#announcer.announce(this.#watermarks.timesOf(topics, this.#streamTime));
  }

  async #restore(): Promise<void> {
    const { log, restores = null } = this.#options;
    await this.#copy.catchUp(log, () => this.#isStopping, restores);
    const { inputs, streamTime, lastReceived, tables } = this.#copy.positions;
    for (const [topic, offset] of Object.entries(inputs)) this.#positions.set(topic, offset);
    this.#streamTime = streamTime;
    this.#committedTime = streamTime;
    this.#lastReceived = lastReceived;
    // By automations older than those its state rests on it would forget what they had counted.
    await this.#catchUp(tables["automations"] ?? 0);
  }

  async #startingPoints(): Promise<readonly Position[]> {
    const topics = [this.#events, ...this.#vias.map(({ topic }) => topic)];
    return Promise.all(
      topics.map((topic) => startingPoint(this.#options, topic, this.#positions.get(topic) ?? null)),
    );
  }
}

function required<T>(value: T | null | undefined): T {
  if (value === null || value === undefined)
    throw new Error("the topology names no changelog or input for this role");
  return value;
}

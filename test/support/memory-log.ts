/**
 * A broker in memory: the Log port with what a Kafka broker does to its clients, at the test's command.
 *
 * Several clients (`connect`) share it, as processes do; closing one is a crash of its process. Transactions of several
 * writers may be open at once, and readers stop before the first; aborted records and markers take offsets; time passes
 * when the test says so, that of waiting polls too.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { fromMillis, type Instant } from "../../src/core/model/time.ts";
import { Groups } from "../../src/edges/sqlite/groups.ts";
import { partitionOf } from "../../src/runtime/partitioner.ts";
import {
  type Appended,
  type Batch,
  type Log,
  LogError,
  type LogRecord,
  type Member,
  type Membership,
  type NewRecord,
  type Position,
  type Reader,
  type TopicSpec,
  type Writer,
} from "../../src/runtime/ports.ts";
import { ManualClock } from "./manual-clock.ts";
import {
  type Entry,
  hasMore,
  isCommitted,
  newPartition,
  notify,
  type Partition,
  readFrom,
  refusal,
  stableEnd,
  type Transaction,
  toRecord,
} from "./memory-partition.ts";

/** How a transaction ends; `lose-answer` commits it, but its writer is told that it is in doubt. */
export type Ending = "commit" | "abort" | "lose-answer";

export interface HeldCommit {
  /** Resolves when the records are in the log and the transaction is open. */
  readonly begun: Promise<void>;
  end(ending: Ending): void;
}

interface Topic {
  readonly keep: TopicSpec["keep"];
  readonly partitions: readonly Partition[];
}

const failure = (message: string): LogError => new LogError(message, { retriable: true });

/** As topics are created on Kafka (edges/kafka/topics.ts). */
const BATCH_BYTES_MAX = 16 * 1024 * 1024;

export class MemoryBroker {
  readonly clock = new ManualClock();
  readonly groups = new Groups();
  /** While false, clients have not measured the broker's clock: `now` and `askedAt` are null. */
  isTimeKnown = true;
  recordsPerPollMax = 500;
  /** Where it is set, the markers that end a transaction are kept back, one a partition, until `writeMarker` is called. */
  keepsMarkers = false;
  readonly #unwritten: { readonly transaction: Transaction; readonly partition: Partition }[] = [];
  readonly #topics = new Map<string, Topic>();
  readonly #writers = new Map<string, { epoch: number; open: Transaction | null }>();
  readonly #plans = new Map<string, (begun: void) => Ending | Promise<Ending>>();
  #nextKeyless = 0;

  connect(): Log {
    return new MemoryLog(this);
  }

  /** The writer's next commit stays open until the test ends it; a successor's opening aborts it, as Kafka's does. */
  holdNextCommit(writer: string): HeldCommit {
    const begun = Promise.withResolvers<void>();
    const ending = Promise.withResolvers<Ending>();
    this.#plans.set(writer, () => {
      begun.resolve();
      return ending.promise;
    });
    return { begun: begun.promise, end: ending.resolve };
  }

  failNextCommit(writer: string, ending: Exclude<Ending, "commit">): void {
    this.#plans.set(writer, () => ending);
  }

  /** Offsets that hold no record, as markers and emptied batches do. */
  leaveGap(topic: string, partition: number, count: number): void {
    for (let i = 0; i < count; i++) this.#mark(this.partition(topic, partition));
  }

  /** As a batch that cannot be unpacked. */
  spoil(topic: string, partition: number): void {
    const unreadable = "a batch cannot be unpacked";
    const spoilt = { key: null, value: null, headers: {}, unreadable };
    this.#put(this.partition(topic, partition), { ...spoilt, transaction: null, isMarker: false });
    notify(this.partition(topic, partition));
  }

  /** Keeps the newest of each key below the first open transaction; markers and aborted records go. */
  compact(topic: string, options: { readonly dropsTombstones: boolean } = { dropsTombstones: false }): void {
    for (const partition of this.topic(topic).partitions) {
      const stable = stableEnd(partition);
      const settled = partition.entries.filter((entry) => entry.offset < stable && isCommitted(entry));
      const newest = new Map(settled.map((entry) => [entry.key, entry.offset]));
      partition.entries = partition.entries.filter(
        (entry) =>
          entry.offset >= stable ||
          (isCommitted(entry) &&
            newest.get(entry.key) === entry.offset &&
            !(options.dropsTombstones && entry.value === null)),
      );
    }
  }

  /** Deletes what is older than the topic keeps, up to the first open transaction. */
  expire(topic: string): void {
    const { keep, partitions } = this.topic(topic);
    if (keep === "latest") return;
    const before = fromMillis(this.clock.nowMs - keep.ms);
    for (const partition of partitions) {
      const stable = stableEnd(partition);
      partition.start =
        partition.entries.find((entry) => entry.offset >= stable || entry.timestamp >= before)?.offset ??
        stable;
      partition.entries = partition.entries.filter((entry) => entry.offset >= partition.start);
    }
  }

  /** Every committed record that is kept, partition by partition. */
  committed(topic: string): readonly LogRecord[] {
    return this.topic(topic).partitions.flatMap(({ entries }) => entries.filter(isCommitted).map(toRecord));
  }

  create(specs: readonly TopicSpec[]): void {
    const faults = specs.flatMap(({ name, partitions }) => {
      const found = this.#topics.get(name)?.partitions.length ?? partitions;
      return found === partitions ? [] : [`${name} has ${found} partitions, ${partitions} are asked for`];
    });
    if (faults.length > 0) throw refusal(faults.join("; "));
    for (const { name, partitions: count, keep } of specs) {
      if (this.#topics.has(name)) continue;
      const partitions = Array.from({ length: count }, (_, number) => newPartition(name, number));
      this.#topics.set(name, { keep, partitions });
    }
  }

  topic(name: string): Topic {
    const found = this.#topics.get(name);
    if (found === undefined) throw refusal(`there is no topic ${name}`);
    return found;
  }

  partition(topic: string, number: number): Partition {
    const found = this.topic(topic).partitions[number];
    if (found === undefined) throw refusal(`there is no partition ${number} of ${topic}`);
    return found;
  }

  now(): Instant | null {
    return this.isTimeKnown ? fromMillis(this.clock.nowMs) : null;
  }

  /** Fences whoever wrote under this name, and aborts what that one left open. */
  openWriter(name: string): number {
    const writer = this.#writers.get(name) ?? { epoch: 0, open: null };
    this.#writers.set(name, writer);
    writer.epoch += 1;
    if (writer.open !== null) this.#end(writer.open, "aborted");
    writer.open = null;
    // Whoever opens is answered when what the predecessor decided stands everywhere.
    while (this.#unwritten.some(({ transaction }) => transaction.writer === name))
      this.writeMarker(this.#unwritten.findIndex(({ transaction }) => transaction.writer === name));
    return writer.epoch;
  }

  /** How many markers are kept back. */
  get markers(): number {
    return this.#unwritten.length;
  }

  /** Writes one of the markers that are kept back: from then on its partition shows how the transaction ended. */
  writeMarker(index: number): void {
    const [marker] = this.#unwritten.splice(index, 1);
    if (marker === undefined) return;
    marker.partition.open.delete(marker.transaction);
    this.#mark(marker.partition);
  }

  /** The writers whose transaction is open. */
  openTransactions(): readonly string[] {
    return [...this.#writers].filter(([, { open }]) => open !== null).map(([name]) => name);
  }

  async transact(name: string, epoch: number, records: readonly NewRecord[]): Promise<void> {
    const writer = this.#writers.get(name);
    if (writer?.epoch !== epoch) {
      const message = `${name} writes elsewhere by now: this writer is fenced`;
      throw new LogError(message, { retriable: true, isFenced: true });
    }
    const routed = records.map((record) => this.#route(record));
    if (records.length === 0) return;

    const transaction: Transaction = {
      writer: name,
      state: "open",
      partitions: new Set(routed),
    };
    writer.open = transaction;
    this.#add(records, routed, transaction);
    const plan = this.#plans.get(name);
    this.#plans.delete(name);
    const ending = plan === undefined ? "commit" : await plan();
    if (writer.open !== transaction) throw failure(`${name} was fenced while its transaction was open`);

    writer.open = null;
    this.#end(transaction, ending === "abort" ? "aborted" : "committed");
    if (ending !== "commit") throw failure(`${name}: the transaction failed, or is in doubt`);
  }

  append(records: readonly NewRecord[]): readonly Appended[] {
    const routed = records.map((record) => this.#route(record));
    const appended = this.#add(records, routed, null);
    for (const partition of new Set(routed)) notify(partition);
    return appended;
  }

  #route({ topic: name, partition, key, value }: NewRecord): Partition {
    const topic = this.topic(name);
    if (value !== null && value.length > BATCH_BYTES_MAX) {
      throw refusal(`${name} takes ${BATCH_BYTES_MAX} bytes, not ${value.length}`);
    }
    if (key === null && topic.keep === "latest") throw refusal(`${name} is compacted: a record needs a key`);
    const count = topic.partitions.length;
    const byKey = (): number => (key === null ? this.#nextKeyless++ % count : partitionOf(key, count));
    return this.partition(name, partition ?? byKey());
  }

  #add(
    records: readonly NewRecord[],
    routed: readonly Partition[],
    transaction: Transaction | null,
  ): readonly Appended[] {
    return routed.map((partition, i) => {
      const { key = null, value = null, headers = {} } = records[i] ?? {};
      const entry = this.#put(partition, { key, value, headers, transaction, isMarker: false });
      if (transaction !== null && !partition.open.has(transaction))
        partition.open.set(transaction, entry.offset);
      const { offset, timestamp } = entry;
      return { topic: partition.topic, partition: partition.number, offset, timestamp };
    });
  }

  #mark(partition: Partition): void {
    this.#put(partition, { key: null, value: null, headers: {}, transaction: null, isMarker: true });
    notify(partition);
  }

  #put(partition: Partition, what: Omit<Entry, "offset" | "timestamp">): Entry {
    partition.lastMs = Math.max(this.clock.nowMs, partition.lastMs, partition.announcedMs + 1);
    const entry = { ...what, offset: partition.next++, timestamp: fromMillis(partition.lastMs) };
    partition.entries.push(entry);
    return entry;
  }

  #end(transaction: Transaction, state: "committed" | "aborted"): void {
    transaction.state = state;
    for (const partition of transaction.partitions) this.#unwritten.push({ transaction, partition });
    while (!this.keepsMarkers && this.markers > 0) this.writeMarker(0);
  }
}

/** One client of the broker. */
class MemoryLog implements Log {
  readonly #broker: MemoryBroker;
  readonly #readers = new Set<Reader>();
  readonly #memberships = new Set<Membership>();
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  async create(topics: readonly TopicSpec[]): Promise<void> {
    this.#live().create(topics);
  }

  async partitions(topic: string): Promise<number> {
    return this.#live().topic(topic).partitions.length;
  }

  async openWriter(name: string): Promise<Writer> {
    const epoch = this.#live().openWriter(name);
    let end: string | null = null;
    const commit = async (records: readonly NewRecord[]): Promise<void> => {
      if (end !== null) throw failure(`the writer ${name} has ${end}`);
      try {
        await this.#live().transact(name, epoch, records);
      } catch (error) {
        end = "failed";
        throw error;
      }
    };
    const close = async (): Promise<void> => {
      end ??= "closed";
    };
    return { commit, close };
  }

  async append(records: readonly NewRecord[]): Promise<readonly Appended[]> {
    return this.#live().append(records);
  }

  async openReader(from: readonly Position[]): Promise<Reader> {
    const broker = this.#live();
    const reader = new MemoryReader(broker, from);
    this.#readers.add(reader);
    return reader;
  }

  async end(topic: string, partition: number): Promise<number> {
    return stableEnd(this.#live().partition(topic, partition));
  }

  async written(topic: string, partition: number): Promise<number> {
    return this.#live().partition(topic, partition).next;
  }

  async start(topic: string, number: number): Promise<number> {
    const { entries, next } = this.#live().partition(topic, number);
    return entries[0]?.offset ?? next;
  }

  async join(group: string, topics: readonly string[], member: Member): Promise<Membership> {
    const broker = this.#live();
    const counts = new Set(topics.map((topic) => broker.topic(topic).partitions.length));
    const [count, ...others] = counts;
    if (count === undefined || others.length > 0)
      throw refusal(`${topics.join(", ")} differ in their partitions`);
    // Whoever crashed hears nothing any more, and is not waited for.
    const assigned = async (partitions: readonly number[]): Promise<void> =>
      this.#isClosed ? undefined : Promise.race([member.assigned(partitions, []), this.#closed.promise]);
    const membership = broker.groups.join(group, count, {
      assigned,
      failed: (error) => member.failed(error),
    });
    this.#memberships.add(membership);
    return membership;
  }

  now(): Instant | null {
    return this.#broker.now();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.resolve();
    for (const reader of this.#readers) await reader.close();
    for (const membership of this.#memberships) void membership.leave();
  }

  #live(): MemoryBroker {
    if (this.#isClosed) throw refusal("the log is closed");
    return this.#broker;
  }
}

class MemoryReader implements Reader {
  readonly #broker: MemoryBroker;
  readonly #cursors: { readonly partition: Partition; offset: number }[];
  readonly #onAppend = (): void => this.#ring();
  #ring = (): void => {};
  #isWoken = false;
  #isClosed = false;

  constructor(broker: MemoryBroker, from: readonly Position[]) {
    this.#broker = broker;
    this.#cursors = from.map(({ topic, partition, offset }) => ({
      partition: broker.partition(topic, partition),
      offset,
    }));
    for (const { partition } of this.#cursors) partition.watchers.add(this.#onAppend);
  }

  async poll(waitMs: number): Promise<readonly Batch[]> {
    if (this.#isClosed) throw failure("the reader is closed");
    this.#isWoken = false;
    await nextTurn();
    if (!this.#hasMore() && !this.#isWoken) await this.#wait(waitMs);
    if (this.#isClosed) return [];
    const broker = this.#broker;
    const share = Math.max(1, Math.floor(broker.recordsPerPollMax / this.#cursors.length));
    return this.#cursors.map((cursor) => {
      const batch = readFrom(cursor, share, broker.now());
      cursor.offset = batch.nextOffset;
      return batch;
    });
  }

  wakeUp(): void {
    this.#isWoken = true;
    this.#ring();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { partition } of this.#cursors) partition.watchers.delete(this.#onAppend);
    this.wakeUp();
  }

  #hasMore(): boolean {
    return this.#cursors.some(hasMore);
  }

  async #wait(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ring = resolve;
    const callOff = this.#broker.clock.after(waitMs, resolve);
    await promise;
    callOff();
  }
}

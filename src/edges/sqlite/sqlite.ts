/**
 * The embedded log: the Log port on one SQLite file, for one process.
 *
 * Time: a record's timestamp is the log's clock at the append, in whole milliseconds, never before that of the record
 * before it, and always after every `askedAt` that was told of its partition. So what a reader was told about the end
 * stays true. If that takes it past the clock, then by one millisecond. The clock itself never goes back; over a
 * restart, it starts no earlier than the newest record, and no earlier than what was told before an orderly close.
 */

import { fromMillis, type Instant } from "../../core/model/time.ts";
import {
  type Appended,
  type Log,
  LogError,
  type Member,
  type Membership,
  type NewRecord,
  type Position,
  type Reader,
  type TopicSpec,
  type Writer,
} from "../../runtime/ports.ts";
import { Appender, Writers } from "./appender.ts";
import { Cleaner } from "./cleaner.ts";
import { type Clock, LogClock, machineClock } from "./clock.ts";
import { Database, type Durability, integer, placeOf } from "./database.ts";
import { Groups } from "./groups.ts";
import { SqliteReader } from "./reader.ts";
import { Topics } from "./topics.ts";

export interface SqliteLogOptions {
  /** The file; its folder is made if it is not there. */
  readonly path: string;
  readonly durability?: Durability;
  readonly clock?: Clock;
}

/** Opens the log, or throws a LogError that says why this file cannot be ours alone. */
export function openSqliteLog(options: SqliteLogOptions): Log {
  const database = new Database(options.path, options.durability ?? "process");
  try {
    return new SqliteLog(database, options.clock ?? machineClock);
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteLog implements Log {
  readonly #database: Database;
  readonly #topics: Topics;
  readonly #clock: LogClock;
  readonly #appender: Appender;
  readonly #writers: Writers;
  readonly #groups = new Groups();
  readonly #readers = new Set<Reader>();
  #isClosed = false;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#topics = new Topics(database);
    const told = [...this.#topics.all()].map((partition) => partition.lastMs);
    this.#clock = new LogClock(clock, Math.max(0, ...told));
    const cleaner = new Cleaner(database, this.#clock);
    this.#appender = new Appender({ database, topics: this.#topics, clock: this.#clock, cleaner });
    this.#writers = new Writers(database, this.#appender);
    for (const partition of this.#topics.all()) cleaner.clean(partition);
  }

  async create(topics: readonly TopicSpec[]): Promise<void> {
    this.#refuseIfClosed();
    this.#topics.create(topics);
  }

  async partitions(topic: string): Promise<number> {
    this.#refuseIfClosed();
    return this.#topics.topic(topic).partitions.length;
  }

  async openWriter(name: string): Promise<Writer> {
    this.#refuseIfClosed();
    return this.#writers.open(name, () => this.#refuseIfClosed());
  }

  async append(records: readonly NewRecord[]): Promise<readonly Appended[]> {
    this.#refuseIfClosed();
    return this.#appender.append(records, () => {});
  }

  async openReader(from: readonly Position[]): Promise<Reader> {
    this.#refuseIfClosed();
    const cursors = from.map(({ topic, partition, offset }) => ({
      partition: this.#topics.partition(topic, partition),
      offset,
    }));
    const onClose = (): boolean => this.#readers.delete(reader);
    const reader = new SqliteReader({ database: this.#database, cursors, clock: this.#clock, onClose });
    this.#readers.add(reader);
    return reader;
  }

  async end(topic: string, partition: number): Promise<number> {
    this.#refuseIfClosed();
    return this.#topics.partition(topic, partition).next;
  }

  /** Nothing is ever seen before it is committed. */
  async written(topic: string, partition: number): Promise<number> {
    return this.end(topic, partition);
  }

  async start(topic: string, number: number): Promise<number> {
    this.#refuseIfClosed();
    const { id, next } = this.#topics.partition(topic, number);
    const first = this.#database
      .prepare("SELECT min(place) AS place FROM records WHERE place >= ? AND place < ?")
      .get(placeOf(id, 0), placeOf(id, next))?.["place"];
    return first === null ? next : integer(first) - placeOf(id, 0);
  }

  async join(group: string, topics: readonly string[], member: Member): Promise<Membership> {
    this.#refuseIfClosed();
    return this.#groups.join(group, this.#topics.commonCount(topics), member);
  }

  now(): Instant {
    return fromMillis(this.#clock.now());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#groups.close();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
    try {
      this.#saveWhatWasTold();
    } finally {
      this.#database.close();
    }
  }

  #saveWhatWasTold(): void {
    const save = this.#database.prepare("UPDATE partitions SET last_ms = max(last_ms, ?) WHERE id = ?");
    this.#database.transact(() => {
      for (const { announcedMs, id } of this.#topics.all())
        if (announcedMs > 0) save.run(announcedMs + 1, id);
    });
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new LogError("the log is closed", { retriable: false });
  }
}

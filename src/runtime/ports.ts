/** What the runtime asks of the world: a log with transactions, codecs for its records, a clock, and history. */

import type { Json } from "../core/model/json.ts";
import type { Instant } from "../core/model/time.ts";

/** The header that names the automations which led to a record, comma-joined (semantics.md, S15). */
export const CAUSES_HEADER = "tripline-causes";

/** A record as it stands in the log. */
export interface LogRecord {
  readonly offset: number;
  readonly key: string | null;
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
  /** The record timestamp; with `LogAppendTime` the broker's own. */
  readonly timestamp: Instant;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Why the log cannot give what stands here, as a clause: of this offset, or of all the offsets of a batch that ends with
   * it. Key and value are null then, and there are no headers.
   */
  readonly unreadable?: string;
}

/** What one fetch found of one partition; may hold no record and still tell how far it looked. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** Where to read on: past aborted, compacted and control records too. */
  readonly nextOffset: number;
  /** Whether the partition held nothing more, committed or not, at `askedAt`. */
  readonly isAtEnd: boolean;
  /** Broker time at which the fetch was sent; null while the offset to the broker's clock is not known. */
  readonly askedAt: Instant | null;
}

/** A record to append. */
export interface NewRecord {
  readonly topic: string;
  /** Null: by the hash of the key. */
  readonly partition: number | null;
  readonly key: string | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a record may hold; every log takes this much. */
export const RECORD_BYTES_MAX = 15 * 1024 * 1024;

/** A task's own writer. Opening one fences whoever wrote under its name before, and settles what that one left open. */
export interface Writer {
  /**
   * Appends all records in one transaction: all are seen, or none. Throws LogError when it failed, when it is in
   * doubt, or when the writer was fenced: in each case the task must be built anew.
   */
  commit(records: readonly NewRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Reads partitions from given offsets on, committed records only. */
export interface Reader {
  /** Waits until there is something, at most `waitMs`; batches that hold no record tell how far the end is. */
  poll(waitMs: number): Promise<readonly Batch[]>;
  /** Ends a poll under way early, with whatever is there. */
  wakeUp(): void;
  close(): Promise<void>;
}

export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A member of a group: told which partition numbers are its own, every time that changes. */
export interface Member {
  /**
   * Called with the whole set; resolves when the tasks that are no longer ours have let go. `copies` are the numbers of
   * others whose state it is to follow, so that it can take them over at once.
   */
  assigned(partitions: readonly number[], copies: readonly number[]): Promise<void>;
  /** The membership cannot go on by itself. */
  failed(error: Error): void;
  /** Its copies; asked whenever numbers are shared. */
  readonly copies?: () => readonly HeldCopy[];
}

/** A copy of the state of another member's partition; warm when next to nothing is missing. */
export interface HeldCopy {
  readonly partition: number;
  readonly isWarm: boolean;
}

/** How many members beside its own are to follow the state of each partition; the topic is the one they follow. */
export interface Standbys {
  readonly topic: string;
  readonly count: number;
}

export interface Membership {
  leave(): Promise<void>;
  /** The copies of this member are not what they were when numbers were shared last: they are to be shared anew. */
  refresh(): void;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** `latest` compacts; a duration deletes what is older (milliseconds). */
  readonly keep: "latest" | { readonly ms: number };
}

/** The log port. One conformance suite holds every implementation to it (test/conformance/log.ts). */
export interface Log {
  /** Creates the topics that are missing; throws LogError naming every topic whose partition count differs. */
  create(topics: readonly TopicSpec[]): Promise<void>;
  /** How many partitions a topic has. */
  partitions(topic: string): Promise<number>;
  openWriter(name: string): Promise<Writer>;
  /** Appends outside any transaction, idempotently; resolves when every record is acknowledged. */
  append(records: readonly NewRecord[]): Promise<readonly Appended[]>;
  openReader(from: readonly Position[]): Promise<Reader>;
  /** The offset after the last committed record, no open transaction before it. */
  end(topic: string, partition: number): Promise<number>;
  /**
   * The offset after the last record written, committed or not. Whoever reads on to there has seen how everything
   * that now stands in the partition ended; reading to `end` may stop before what others have committed behind the
   * open transaction of somebody else.
   */
  written(topic: string, partition: number): Promise<number>;
  /** The offset of the first record still kept. */
  start(topic: string, partition: number): Promise<number>;
  /**
   * Joins a group that shares the partition numbers of these topics: number p of every topic goes to one member. A log
   * that belongs to one process knows no standbys: there is nobody else to take over.
   */
  join(
    group: string,
    topics: readonly string[],
    member: Member,
    standbys?: Standbys | null,
  ): Promise<Membership>;
  /** Broker time now, by the local monotonic clock; null while the offset to the broker's clock is not known. */
  now(): Instant | null;
  close(): Promise<void>;
}

export interface Appended {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: Instant;
}

/** One exception type, one reaction: whatever the log refuses, the task that asked is built anew. */
export class LogError extends Error {
  override readonly name = "LogError";
  /** Whether trying again with a new task can help. */
  readonly retriable: boolean;
  /** Whether somebody else writes under this name by now: who comes back at once would only push him out again. */
  readonly isFenced: boolean;
  constructor(
    message: string,
    options: { readonly retriable: boolean; readonly isFenced?: boolean; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.retriable = options.retriable;
    this.isFenced = options.isFenced ?? false;
  }
}

/** Time for loops: how long something took, and when to go on. Never used to decide anything. */
export interface Ticker {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Lets others have their turn: between slices of long work. */
  breathe(): Promise<void>;
}

/** Writes one kind of record as bytes, and reads it back. */
export interface Codec<T> {
  encode(value: T): Encoded;
  /** Throws Unreadable. */
  decode(record: Encoded): T;
}

export interface Encoded {
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every codec by the name of its schema (schemas/NAME.avsc, schemas/stores/NAME.avsc). */
export interface Codecs {
  /** As topics carry it: JSON for people's topics, Avro for internal ones. */
  of<T>(schema: string, format: "json" | "avro"): Codec<T>;
}

/** Thrown for a record that cannot be read: it goes to `rejected`, and the task goes on. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** A row of history; the columns of its table are its fields. */
export type Row = Readonly<Record<string, unknown>>;

/** History: what is kept for questions. Nothing reads it to decide. */
export interface History {
  /** Creates or migrates the tables. */
  prepare(): Promise<void>;
  /** The offset after the last row kept of a topic's partition; 0 where nothing is. */
  nextOffset(table: string, topic: string, partition: number): Promise<number>;
  /** Inserts a block of rows at once; the same token again changes nothing. */
  insert(table: string, rows: readonly Row[], token: string): Promise<void>;
  /** Answers a read-only query with rows; throws QueryError with the engine's message. */
  query(sql: string): Promise<readonly Readonly<Record<string, Json>>[]>;
  close(): Promise<void>;
}

/** A topic that history keeps in a table, and how its records become rows; null for a record that makes none. */
export interface HistorySource {
  /** The topic's name on the broker. */
  readonly topic: string;
  readonly table: string;
  rowOf(record: LogRecord, place: { readonly topic: string; readonly partition: number }): Row | null;
}

/** Nothing answers where history is kept: asking again later can help. */
export class HistoryAway extends Error {
  override readonly name = "HistoryAway";
}

export class QueryError extends Error {
  override readonly name = "QueryError";
}

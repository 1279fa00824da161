/** A partition of the broker in memory: what stands in it, and what a fetch finds of that. */
import { type Instant, toMillis } from "../../src/core/model/time.ts";
import { type Batch, LogError, type LogRecord } from "../../src/runtime/ports.ts";

export interface Transaction {
  readonly writer: string;
  state: "open" | "committed" | "aborted";
  readonly partitions: Set<Partition>;
}

/** What stands at an offset: a record, or a marker (null). */
export interface Entry extends LogRecord {
  readonly isMarker: boolean;
  readonly transaction: Transaction | null;
}

export interface Partition {
  readonly topic: string;
  readonly number: number;
  entries: Entry[];
  start: number;
  next: number;
  lastMs: number;
  announcedMs: number;
  /** The open transactions, each with its first offset. */
  readonly open: Map<Transaction, number>;
  readonly watchers: Set<() => void>;
}

/** Where a reader stands in a partition. */
export interface Cursor {
  readonly partition: Partition;
  readonly offset: number;
}

export const refusal = (message: string): LogError => new LogError(message, { retriable: false });

export function newPartition(topic: string, number: number): Partition {
  const empty = { entries: [], start: 0, next: 0, lastMs: 0, announcedMs: 0 };
  return { topic, number, ...empty, open: new Map(), watchers: new Set() };
}

export const notify = (partition: Partition): void => partition.watchers.forEach((watcher) => watcher());

/** Up to where everything is decided (Kafka's last stable offset). */
export const stableEnd = (partition: Partition): number =>
  Math.min(partition.next, ...partition.open.values());

/** Whether a fetch would find something, or be refused. */
export const hasMore = ({ partition, offset }: Cursor): boolean =>
  offset < stableEnd(partition) || offset > partition.next;

export const isCommitted = ({ isMarker, transaction }: Entry): boolean =>
  !isMarker && (transaction === null || transaction.state === "committed");

export const toRecord = ({ offset, key, value, timestamp, headers, unreadable }: Entry): LogRecord => ({
  offset,
  key,
  value,
  timestamp,
  headers,
  ...(unreadable !== undefined && { unreadable }),
});

/** What a fetch finds of one partition; from then on nothing is received there at or before the time it was asked. */
export function readFrom({ partition, offset }: Cursor, max: number, askedAt: Instant | null): Batch {
  const { topic, number, start, next } = partition;
  if (offset < start || offset > next) {
    throw refusal(`offset ${offset} of partition ${number} of ${topic} is not in ${start} to ${next}`);
  }
  const stable = stableEnd(partition);
  const ready = partition.entries.slice(
    indexOf(partition.entries, offset),
    indexOf(partition.entries, stable),
  );
  const records = ready.filter(isCommitted).slice(0, max).map(toRecord);
  const last = records.at(-1);
  // Below the stable end when started there, behind an open transaction's first record.
  const nextOffset =
    records.length === max && last !== undefined ? last.offset + 1 : Math.max(offset, stable);
  if (askedAt !== null) partition.announcedMs = Math.max(partition.announcedMs, toMillis(askedAt));
  return { topic, partition: number, records, nextOffset, isAtEnd: nextOffset === next, askedAt };
}

/** The index of the first entry at or after an offset. */
function indexOf(entries: readonly Entry[], offset: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.offset ?? offset) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

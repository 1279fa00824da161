/**
 * Blocks: how the records of one partition are cut for history, the same way by whoever reads them, from whichever
 * block's start on. A block is what history keeps whole or not at all; its token names its first and last offset.
 */
import { type Duration, duration, type Instant, instant, later, seconds } from "../../core/model/time.ts";
import type { Batch, HistorySource, LogRecord, Row } from "../ports.ts";

export interface Block {
  readonly table: string;
  readonly topic: string;
  readonly partition: number;
  readonly rows: readonly Row[];
  readonly token: string;
  /** Where to go on once it is kept. */
  readonly nextOffset: number;
}

/** Where blocks end. Changing it is safe, except for a block that was in doubt when it changed: that may count twice. */
export interface Cut {
  /** A block ends before every offset that this divides. */
  readonly records: number;
  /** A block holds the records of one such span of record time. It must divide a day. */
  readonly span: Duration;
  /** A block ends before the record with which its values would take more than this. */
  readonly bytes: number;
}

/** Seen on the engine: blocks of 5,000 go in about twice as fast as blocks of 1,000, those of 20,000 hardly faster. */
export const DEFAULT_CUT: Cut = { records: 5000, span: seconds(1), bytes: 8 * 1024 * 1024 };

/** So much later than a span's end the broker must have found nothing more, for its clock may have been set back. */
const SAFETY = seconds(1);

interface OpenBlock {
  readonly slot: number;
  readonly end: Instant;
  latest: Instant;
  bytes: number;
  readonly first: number;
  last: number;
  readonly rows: Row[];
}

/** Cuts the records of one partition of one topic, in the order of their offsets. */
export class Cutter {
  readonly #source: HistorySource;
  readonly #partition: number;
  readonly #cut: Cut;
  #open: OpenBlock | null = null;

  constructor(source: HistorySource, partition: number, cut: Cut) {
    this.#source = source;
    this.#partition = partition;
    this.#cut = cut;
  }

  /** The blocks that are complete now that this batch was read. */
  take(batch: Batch): readonly Block[] {
    const closed: Block[] = [];
    const close = (): void => {
      if (this.#open !== null) closed.push(this.#blockOf(this.#open));
      this.#open = null;
    };
    for (const record of batch.records) {
      if (this.#open !== null && this.#isBeyond(this.#open, record)) close();
      this.#add(record);
    }
    if (this.#open !== null && this.#isComplete(this.#open, batch)) close();
    return closed;
  }

  /** Decided by the open block and this record alone, never by how they were fetched. */
  #isBeyond(open: OpenBlock, record: LogRecord): boolean {
    if (this.#slot(record.offset) !== open.slot || record.timestamp >= open.end) return true;
    return open.bytes + sizeOf(record) > this.#cut.bytes;
  }

  /** Nothing can come into it any more: the next offset lies beyond, or its time is over and nothing more was there. */
  #isComplete(open: OpenBlock, batch: Batch): boolean {
    if (this.#slot(batch.nextOffset) !== open.slot) return true;
    return batch.isAtEnd && batch.askedAt !== null && batch.askedAt >= open.end + SAFETY;
  }

  /** A record that makes no row is as if it were not there: a block begins and ends with one that does. */
  #add(record: LogRecord): void {
    const place = { topic: this.#source.topic, partition: this.#partition };
    // Where a clock went back, time stands still, so that a block never spans two days.
    const timestamp = later(record.timestamp, this.#open?.latest ?? record.timestamp);
    const row = this.#source.rowOf(timestamp === record.timestamp ? record : { ...record, timestamp }, place);
    if (row === null) return;
    this.#open ??= this.#begin(record);
    this.#open.rows.push(row);
    this.#open.latest = timestamp;
    this.#open.bytes += sizeOf(record);
    this.#open.last = record.offset;
  }

  #begin({ offset, timestamp }: LogRecord): OpenBlock {
    const { span } = this.#cut;
    const end = instant((Math.floor(timestamp / span) + 1) * span);
    return {
      slot: this.#slot(offset),
      end,
      latest: timestamp,
      bytes: 0,
      first: offset,
      last: offset,
      rows: [],
    };
  }

  #blockOf({ first, last, rows }: OpenBlock): Block {
    const { table, topic } = this.#source;
    const token = `${topic}:${this.#partition}:${first}-${last}`;
    return { table, topic, partition: this.#partition, rows, token, nextOffset: last + 1 };
  }

  #slot(offset: number): number {
    return Math.floor(offset / this.#cut.records);
  }
}

const sizeOf = (record: LogRecord): number => record.value?.length ?? 0;

const DAY = duration(86_400_000_000);

/** Why blocks cannot be cut like this, or null. */
export function whyNoCut({ records, span, bytes }: Cut): string | null {
  if (!Number.isSafeInteger(records) || records < 1) return `blocks of ${records} records`;
  if (!Number.isSafeInteger(span) || span < 1 || DAY % span !== 0)
    return `blocks of ${span} µs: must divide a day`;
  return bytes >= 1 ? null : `blocks of ${bytes} bytes`;
}

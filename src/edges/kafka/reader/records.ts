/**
 * Reads what a fetch brought of one partition: record batches, of which only the committed data is handed on.
 *
 * The place to read on comes from the headers of the batches, not from the last record. Batches may hold none: control
 * batches, aborted ones, and those the log cleaner has emptied but keeps; a reader that knows only records waits there
 * for ever (kafkajs #1072). A batch is aborted as a whole, by its producer, whatever the other producers did (K2), and
 * only a control batch tells that a transaction has ended, whatever the keys of records look like (K3).
 */
import { fromMillis, type Instant } from "../../../core/model/time.ts";
import type { LogRecord } from "../../../runtime/ports.ts";
import { damageOf, frameAt, isOfOld, lastOffsetOf, type RecordBatch, readHeader } from "./batch.ts";
import { decompress } from "./compression.ts";
import { Cursor } from "./cursor.ts";

/** A transaction that was aborted, and where its first record stands. */
export interface Aborted {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface Found {
  readonly records: readonly LogRecord[];
  readonly nextOffset: number;
  /** The offset of a damaged batch before which reading stopped; to be fetched again. */
  readonly damagedAt: number | null;
}

const CODEC = 0x07;
const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = 0;

/** What was thought of the place before. */
export interface Doubt {
  /** The offset of a batch that has arrived damaged already: so it stands in the log. */
  readonly damagedAt: number | null;
  /** The end of the partition. */
  readonly end: number;
}

const NONE: Doubt = { damagedAt: null, end: Number.MAX_SAFE_INTEGER };

/**
 * The committed records from offset `from` on, and where to read on. The last batch may be cut off; it comes again. A batch
 * that cannot be read is one record that says why. Before one that has arrived damaged it stops: it may have been on the
 * way only. After such a one it stops as well, for what its header said of transactions is not to be relied on.
 */
export function readRecords(
  bytes: Buffer,
  from: number,
  aborted: readonly Aborted[],
  doubt: Doubt = NONE,
): Found {
  const take = taking(from, aborted);
  const records: LogRecord[] = [];
  let nextOffset = from;
  let at = 0;
  for (let frame = frameAt(bytes, at); frame !== null; frame = frameAt(bytes, at)) {
    at += frame.bytes.length;
    const { baseOffset } = frame;
    if (isOfOld(frame)) {
      if (baseOffset >= from) records.push(unreadable(OF_OLD, baseOffset, baseOffset));
      nextOffset = Math.max(nextOffset, baseOffset + 1);
      continue;
    }
    const damage = damageOf(frame);
    if (damage !== null && baseOffset !== doubt.damagedAt)
      return { records, nextOffset, damagedAt: baseOffset };
    if (damage !== null) {
      const last = Math.max(from, lastOffsetOf(frame, frameAt(bytes, at), doubt.end));
      records.push(unreadable(`the batch is damaged: ${damage}`, baseOffset, last));
      return { records, nextOffset: last + 1, damagedAt: null };
    }
    const batch = readHeader(frame);
    take(batch, records);
    nextOffset = Math.max(nextOffset, batch.lastOffset + 1);
  }
  return { records, nextOffset, damagedAt: null };
}

const OF_OLD = "its format is older than Kafka 0.11, and not read";
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** Stands at the last of its offsets, so that whoever has taken it reads on behind it. */
const unreadable = (why: string, first: number, last: number, timestamp = fromMillis(0)): LogRecord => ({
  offset: last,
  key: null,
  value: null,
  timestamp,
  headers: NO_HEADERS,
  unreadable: `${first === last ? `offset ${first}` : `offsets ${first} to ${last}`} cannot be read: ${why}`,
});

/** Takes batches one after the other, and of them the committed records. */
function taking(from: number, aborted: readonly Aborted[]) {
  const begun = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<bigint>();
  return (batch: RecordBatch, into: LogRecord[]): void => {
    while (begun[0] !== undefined && begun[0].firstOffset <= batch.lastOffset) {
      aborting.add(begun[0].producerId);
      begun.shift();
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (endsAborted(batch)) aborting.delete(batch.producerId);
      return;
    }
    if ((batch.attributes & TRANSACTIONAL) !== 0 && aborting.has(batch.producerId)) return;
    if (batch.lastOffset >= from) takeAll(batch, from, into);
  };
}

/** All of its records, or one that says why they cannot be read. */
function takeAll(batch: RecordBatch, from: number, into: LogRecord[]): void {
  const before = into.length;
  try {
    takeRecords(batch, from, into);
  } catch (fault) {
    into.length = before;
    const why = fault instanceof Error ? fault.message : String(fault);
    into.push(unreadable(why, batch.baseOffset, batch.lastOffset, fromMillis(batch.maxTimestamp)));
  }
}

/** A control batch holds one record, whose key is a version and what happened. */
function endsAborted(batch: RecordBatch): boolean {
  if (batch.count === 0) return false;
  const cursor = new Cursor(batch.body);
  passToKey(cursor);
  const key = cursor.bytes();
  return key !== null && Buffer.from(key).readInt16BE(2) === ABORT;
}

/** Before the key of a record: its length, attributes, time and offset. */
function passToKey(cursor: Cursor): void {
  cursor.varint();
  cursor.skip(1);
  cursor.varint();
  cursor.varint();
}

function takeRecords(batch: RecordBatch, from: number, into: LogRecord[]): void {
  const { baseOffset, firstTimestamp, attributes } = batch;
  const codec = attributes & CODEC;
  const cursor = new Cursor(codec === 0 ? batch.body : decompress(codec, batch.body));
  // With LogAppendTime the broker writes its time into the header only; the records keep the producer's.
  const appended = (attributes & APPEND_TIME) !== 0 ? fromMillis(batch.maxTimestamp) : null;
  for (let i = 0; i < batch.count; i++) {
    const length = cursor.varint();
    if (length <= 0) throw new RangeError("a record has no length");
    const end = cursor.at + length;
    cursor.skip(1);
    const timestamp: Instant = appended ?? fromMillis(firstTimestamp + cursor.varint());
    if (appended !== null) cursor.varint();
    const offset = baseOffset + cursor.varint();
    if (offset >= from) {
      const key = cursor.text();
      const value = cursor.bytes();
      into.push({ offset, key, value, timestamp, headers: readHeaders(cursor) });
    }
    cursor.at = end;
  }
}

function readHeaders(cursor: Cursor): Readonly<Record<string, string>> {
  const count = cursor.varint();
  if (count === 0) return NO_HEADERS;
  const headers: Record<string, string> = {};
  for (let i = 0; i < count; i++) {
    const name = cursor.text() ?? "";
    headers[name] = cursor.text() ?? "";
  }
  return headers;
}

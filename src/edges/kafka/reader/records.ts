/**
 * Reads what a fetch brought of one partition: record batches, of which only the committed data is handed on.
 *
 * The place to read on comes from the headers of the batches, not from the last record. Batches may hold none: control
 * batches, aborted ones, and those the log cleaner has emptied but keeps; a reader that knows only records waits there
 * for ever (kafkajs #1072). A batch is aborted as a whole, by its producer, whatever the other producers did (K2), and
 * only a control batch tells that a transaction has ended, whatever the keys of records look like (K3).
 */
import { fromMillis, type Instant } from "../../../core/model/time.ts";
import { LogError, type LogRecord } from "../../../runtime/ports.ts";
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
}

/** Of a batch: offset and length of the rest, which is what a header needs to be passed over. */
const PREFIX = 12;
const HEADER = 61;
const CODEC = 0x07;
const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = 0;

/**
 * The committed records from offset `from` on, and where to read on. The last batch may be cut off; it comes again. Throws
 * where the first batch cannot be read; before another that cannot, it stops.
 */
export function readRecords(bytes: Buffer, from: number, aborted: readonly Aborted[]): Found {
  const take = taking(from, aborted);
  const found: { records: LogRecord[]; nextOffset: number } = { records: [], nextOffset: from };
  let at = 0;
  while (at + PREFIX <= bytes.length) {
    const size = PREFIX + Math.max(0, bytes.readInt32BE(at + 8));
    if (at + size > bytes.length) break;
    const whole = found.records.length;
    try {
      const batch = readHeader(bytes.subarray(at, at + size));
      take(batch, found.records);
      found.nextOffset = Math.max(found.nextOffset, batch.lastOffset + 1);
    } catch (fault) {
      if (found.nextOffset === from) throw fault;
      found.records.length = whole;
      break;
    }
    at += size;
  }
  return found;
}

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
    if (batch.lastOffset >= from) takeRecords(batch, from, into);
  };
}

interface RecordBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly attributes: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: bigint;
  readonly count: number;
  readonly body: Buffer;
}

function readHeader(bytes: Buffer): RecordBatch {
  const magic = bytes.length > 16 ? bytes.readInt8(16) : -1;
  if (magic !== 2 || bytes.length < HEADER) {
    throw new LogError(`a batch has format ${magic}; only 2, of Kafka 0.11 and later, is read`, {
      retriable: false,
    });
  }
  const baseOffset = Number(bytes.readBigInt64BE(0));
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(23),
    attributes: bytes.readInt16BE(21),
    firstTimestamp: Number(bytes.readBigInt64BE(27)),
    maxTimestamp: Number(bytes.readBigInt64BE(35)),
    producerId: bytes.readBigInt64BE(43),
    count: bytes.readInt32BE(57),
    body: bytes.subarray(HEADER),
  };
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

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

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

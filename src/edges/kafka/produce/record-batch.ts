/**
 * Record batches (format 2) as bytes, written in one pass into one buffer whose size is known before. kafkajs makes a
 * buffer of 512 bytes for each record and each part of it, and copies all of it several times.
 */
import { crc32c } from "../crc32c.ts";

/** A message as kafkajs hands it on. */
export interface Message {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  /** Milliseconds; the time of sending where it is not said. */
  readonly timestamp?: string;
  readonly headers?: Readonly<Record<string, Header>>;
}

type Header = Buffer | string | readonly (Buffer | string)[] | undefined;

/** Who writes, and how many of its records came before in this partition: by that the broker tells repeats. */
export interface Writing {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly isTransactional: boolean;
  readonly nowMs: number;
}

export interface Batch {
  readonly bytes: number;
  /** Writes it at a place in the buffer; returns the end. */
  write(into: Buffer, at: number): number;
}

const HEADER_BYTES = 61;
/** Where the checksum stands, and where what it is of begins. */
const CRC_AT = 17;
const CHECKED_FROM = 21;
/** Of the offset and the length, which the length does not count. */
const PREFIX_BYTES = 12;
const MAGIC = 2;
const TRANSACTIONAL = 0x10;

/** The messages of one partition as one batch. */
export function recordBatch(messages: readonly Message[], writing: Writing): Batch {
  const { nowMs } = writing;
  const times = messages.map(({ timestamp }) => (timestamp === undefined ? nowMs : Number(timestamp)));
  const firstMs = times[0] ?? nowMs;
  const records = messages.map((message, i) =>
    recordOf(message, { later: (times[i] ?? nowMs) - firstMs, i }),
  );
  const bytes = records.reduce((sum, { whole }) => sum + whole, HEADER_BYTES);
  const maxMs = times.reduce((most, time) => Math.max(most, time), firstMs);
  return {
    bytes,
    write(into, at) {
      let end = at + HEADER_BYTES;
      for (const record of records) end = writeRecord(record, into, end);
      writeHeader({ ...writing, firstMs, maxMs, count: records.length, bytes }, into, at);
      into.writeUInt32BE(crc32c(into.subarray(0, end), at + CHECKED_FROM), at + CRC_AT);
      return end;
    },
  };
}

interface BatchHeader extends Writing {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly count: number;
  readonly bytes: number;
}

function writeHeader(batch: BatchHeader, into: Buffer, at: number): void {
  into.writeBigInt64BE(0n, at);
  into.writeInt32BE(batch.bytes - PREFIX_BYTES, at + 8);
  into.writeInt32BE(0, at + 12); // epoch of the leader, which the broker fills in
  into.writeInt8(MAGIC, at + 16);
  into.writeInt16BE(batch.isTransactional ? TRANSACTIONAL : 0, at + CHECKED_FROM);
  into.writeInt32BE(batch.count - 1, at + 23);
  into.writeBigInt64BE(BigInt(batch.firstMs), at + 27);
  into.writeBigInt64BE(BigInt(batch.maxMs), at + 35);
  into.writeBigInt64BE(batch.producerId, at + 43);
  into.writeInt16BE(batch.producerEpoch, at + 51);
  into.writeInt32BE(batch.firstSequence, at + 53);
  into.writeInt32BE(batch.count, at + 57);
}

/** A record, and how many bytes it has: its body, and with the length before it. */
interface Sized {
  readonly later: number;
  readonly index: number;
  readonly key: Text;
  readonly value: Text;
  readonly headers: readonly (readonly [name: Text, value: Text])[];
  readonly body: number;
  readonly whole: number;
}

/** Bytes, or text to be written as UTF-8; null is told by a length of -1. */
interface Text {
  readonly content: Buffer | string;
  readonly length: number;
}

const NOTHING: Text = { content: "", length: -1 };
const NO_HEADERS: Sized["headers"] = [];

function recordOf({ key, value, headers }: Message, { later, i }: { later: number; i: number }): Sized {
  const sizedKey = textOf(key);
  const sizedValue = textOf(value);
  const sizedHeaders = headers === undefined ? NO_HEADERS : headersOf(headers);
  let body = 1 + varintBytes(later) + varintBytes(i) + varintBytes(sizedHeaders.length);
  body += textBytes(sizedKey) + textBytes(sizedValue);
  for (const [name, content] of sizedHeaders) body += textBytes(name) + textBytes(content);
  const whole = varintBytes(body) + body;
  return { later, index: i, key: sizedKey, value: sizedValue, headers: sizedHeaders, body, whole };
}

const textOf = (content: Buffer | string | null | undefined): Text =>
  content === null || content === undefined ? NOTHING : { content, length: Buffer.byteLength(content) };

/** One after the other, a name that has several values as often. */
function headersOf(headers: NonNullable<Message["headers"]>): Sized["headers"] {
  const sized: (readonly [Text, Text])[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const values = typeof value === "string" || Buffer.isBuffer(value) ? [value] : (value ?? [undefined]);
    for (const one of values) sized.push([textOf(name), textOf(one)]);
  }
  return sized;
}

function writeRecord(record: Sized, into: Buffer, at: number): number {
  let end = writeVarint(into, at, record.body);
  into[end++] = 0; // no attributes
  end = writeVarint(into, end, record.later);
  end = writeVarint(into, end, record.index);
  end = writeText(into, end, record.key);
  end = writeText(into, end, record.value);
  end = writeVarint(into, end, record.headers.length);
  for (const [name, content] of record.headers) end = writeText(into, writeText(into, end, name), content);
  return end;
}

const textBytes = ({ length }: Text): number => varintBytes(length) + Math.max(0, length);

function writeText(into: Buffer, at: number, { content, length }: Text): number {
  const end = writeVarint(into, at, length);
  if (length <= 0) return end;
  if (typeof content === "string") into.write(content, end, length, "utf8");
  else into.set(content, end);
  return end + length;
}

/** Numbers in seven bits a byte, the lowest first, the sign in the lowest of all. */
function varintBytes(value: number): number {
  let rest = zigzag(value);
  let bytes = 1;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

function writeVarint(into: Buffer, from: number, value: number): number {
  let at = from;
  let rest = zigzag(value);
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) into[at++] = (rest % 0x80) | 0x80;
  into[at++] = rest;
  return at;
}

/** Exact up to 2⁵², which is more milliseconds than there are. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

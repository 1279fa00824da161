/** Record batches as bytes, as a broker sends them, written by hand. */
import { gzipSync } from "node:zlib";
import { crc32c } from "../../../src/edges/kafka/crc32c.ts";

export interface Rec {
  readonly key: string | Buffer | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds after the batch's first. */
  readonly later?: number;
}

export interface BatchSpec {
  readonly at: number;
  readonly records?: readonly Rec[];
  /** How many offsets the batch spans, where the cleaner has taken records out. */
  readonly spans?: number;
  readonly producer?: bigint;
  readonly marker?: "abort" | "commit";
  readonly firstMs?: number;
  /** The broker's time, for a topic with LogAppendTime. */
  readonly appendedMs?: number;
  readonly gzip?: boolean;
  /** The number of a codec, and what the broker is told that the records are packed to. */
  readonly packed?: { readonly codec: number; readonly body: Buffer };
}

const GZIP = 1;
const APPEND_TIME = 8;
const TRANSACTIONAL = 16;
const CONTROL = 32;

export function batch(spec: BatchSpec): Buffer {
  const { at, marker, producer, firstMs = 1_000, appendedMs, gzip = false } = spec;
  const records = marker === undefined ? (spec.records ?? []) : [markerRecord(marker)];
  const spans = spec.spans ?? Math.max(1, records.length);
  const body = Buffer.concat(records.map(record));
  const rest = spec.packed?.body ?? (gzip ? gzipSync(body) : body);

  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(at), 0);
  header.writeInt32BE(header.length + rest.length - 12, 8);
  header.writeInt8(2, 16);
  header.writeInt16BE(attributes(spec), 21);
  header.writeInt32BE(spans - 1, 23);
  header.writeBigInt64BE(BigInt(firstMs), 27);
  header.writeBigInt64BE(BigInt(appendedMs ?? firstMs), 35);
  header.writeBigInt64BE(producer ?? -1n, 43);
  header.writeInt16BE(-1, 51);
  header.writeInt32BE(-1, 53);
  header.writeInt32BE(records.length, 57);
  return sealed(Buffer.concat([header, rest]));
}

/** With the checksum that belongs to it. */
export function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return bytes;
}

function attributes({ gzip = false, packed, appendedMs, producer, marker }: BatchSpec): number {
  const codec = packed?.codec ?? (gzip ? GZIP : 0);
  const time = appendedMs === undefined ? 0 : APPEND_TIME;
  const transaction = producer === undefined ? 0 : TRANSACTIONAL;
  return codec | time | transaction | (marker === undefined ? 0 : CONTROL);
}

const markerRecord = (marker: "abort" | "commit"): Rec => ({
  key: Buffer.from([0, 0, 0, marker === "abort" ? 0 : 1]),
  value: "\0\0\0\0\0\0",
});

function record({ key, value, headers = {}, later = 0 }: Rec, offset: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(later),
    varint(offset),
    bytes(key),
    bytes(value),
    varint(Object.keys(headers).length),
    ...Object.entries(headers).flatMap(([name, text]) => [bytes(name), bytes(text)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function bytes(what: string | Buffer | null): Buffer {
  if (what === null) return varint(-1);
  const content = Buffer.from(what);
  return Buffer.concat([varint(content.length), content]);
}

function varint(value: number): Buffer {
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const out: number[] = [];
  while (left >= 0x80n) {
    out.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  return Buffer.from([...out, Number(left)]);
}

/** Batches one after the other, as the log of a partition; and the aborted transactions a broker would tell a reader of. */
export interface Story {
  readonly bytes: Buffer;
  readonly end: number;
  /** Offset and value of every record of a committed transaction, or of none. */
  readonly committed: readonly (readonly [number, string])[];
  /** From the batch on that holds the offset, with what the broker says beside it. */
  fetch(from: number): { bytes: Buffer; aborted: readonly { producerId: bigint; firstOffset: number }[] };
}

export interface Step {
  readonly producer: bigint;
  readonly does: "send" | "abort" | "commit" | "send outside";
  readonly keys?: readonly (string | Buffer | null)[];
}

/** What happens when producers do this, in this order. A transaction still open at the end is aborted. */
export function tell(steps: readonly Step[]): Story {
  const parts: { at: number; end: number; bytes: Buffer }[] = [];
  const open = new Map<bigint, { first: number; sent: [number, string][] }>();
  const committed: [number, string][] = [];
  const aborted: { producerId: bigint; firstOffset: number; marker: number }[] = [];
  let at = 0;

  const put = (spec: Omit<BatchSpec, "at">, count: number) => {
    parts.push({ at, end: at + count, bytes: batch({ ...spec, at }) });
    at += count;
  };
  const finish = (producer: bigint, marker: "abort" | "commit") => {
    const transaction = open.get(producer);
    if (transaction === undefined) return;
    open.delete(producer);
    if (marker === "commit") committed.push(...transaction.sent);
    else aborted.push({ producerId: producer, firstOffset: transaction.first, marker: at });
    put({ producer, marker }, 1);
  };

  for (const { producer, does, keys = ["k"] } of steps) {
    if (does === "abort" || does === "commit") {
      finish(producer, does);
      continue;
    }
    const records = keys.map((key, i) => ({ key, value: `${producer}@${at + i}` }));
    const sent = records.map(({ value }, i): [number, string] => [at + i, value]);
    if (does === "send outside") committed.push(...sent);
    else {
      const transaction = open.get(producer) ?? { first: at, sent: [] };
      transaction.sent.push(...sent);
      open.set(producer, transaction);
    }
    put({ records, ...(does === "send" && { producer }) }, records.length);
  }
  for (const producer of open.keys()) finish(producer, "abort");

  return {
    bytes: Buffer.concat(parts.map((part) => part.bytes)),
    end: at,
    committed: committed.sort(([a], [b]) => a - b),
    fetch: (from) => ({
      bytes: Buffer.concat(parts.filter(({ end }) => end > from).map((part) => part.bytes)),
      aborted: aborted
        .filter(({ marker }) => marker >= from)
        .map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
    }),
  };
}

/** A, B and C write in turns, and all of it is aborted. */
export const threeAbort: readonly Step[] = [
  { producer: 1n, does: "send" },
  { producer: 2n, does: "send" },
  { producer: 3n, does: "send" },
  { producer: 1n, does: "send" },
  { producer: 2n, does: "abort" },
  { producer: 3n, does: "send" },
  { producer: 1n, does: "abort" },
  { producer: 3n, does: "abort" },
];

/** An aborted transaction among whose records is one with the key of a marker: four bytes, all zero. */
export const zeroKey: readonly Step[] = [
  { producer: 1n, does: "send", keys: ["k", Buffer.alloc(4), "k"] },
  { producer: 1n, does: "send" },
  { producer: 1n, does: "abort" },
];

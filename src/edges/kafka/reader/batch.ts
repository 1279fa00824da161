/** Record batches as they stand in what a fetch brought: where each begins and ends, its header, and what is wrong with it. */
import { crc32c } from "../crc32c.ts";

export interface RecordBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly attributes: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: bigint;
  readonly count: number;
  readonly body: Buffer;
}

/** The bytes of a batch. */
export interface Frame {
  readonly baseOffset: number;
  readonly bytes: Buffer;
}

/** Of a batch: offset and length of the rest, which is what is needed to pass it over. */
const PREFIX = 12;
const HEADER = 61;
/** The least that such a message takes. */
const MESSAGE_OF_OLD = 26;
const FORMAT_AT = 16;
const CHECKSUM_AT = 17;
/** What the checksum is of begins here. */
const ATTRIBUTES_AT = 21;

/** The batch that begins there; null where it is cut off. */
export function frameAt(bytes: Buffer, at: number): Frame | null {
  if (at + PREFIX > bytes.length) return null;
  const size = PREFIX + Math.max(0, bytes.readInt32BE(at + 8));
  if (at + size > bytes.length) return null;
  return { baseOffset: Number(bytes.readBigInt64BE(at)), bytes: bytes.subarray(at, at + size) };
}

/** A message of before Kafka 0.11, whose format is not read; such messages stand one by one. */
export function isOfOld({ bytes }: Frame): boolean {
  if (bytes.length < MESSAGE_OF_OLD) return false;
  const format = bytes.readInt8(FORMAT_AT);
  return format === 0 || format === 1;
}

/** What has happened to the bytes since they were written, or null. */
export function damageOf({ bytes }: Frame): string | null {
  if (bytes.length < HEADER) return `it has ${bytes.length} bytes only`;
  const format = bytes.readInt8(FORMAT_AT);
  if (format !== 2) return `its format is ${format}`;
  const [told, found] = [bytes.readUInt32BE(CHECKSUM_AT), crc32c(bytes, ATTRIBUTES_AT)];
  return told === found ? null : `its checksum is ${hex(found)} and should be ${hex(told)}`;
}

const hex = (sum: number): string => sum.toString(16).padStart(8, "0");

/** Only of a batch without damage is all of it true. */
export function readHeader({ baseOffset, bytes }: Frame): RecordBatch {
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(23),
    attributes: bytes.readInt16BE(ATTRIBUTES_AT),
    firstTimestamp: Number(bytes.readBigInt64BE(27)),
    maxTimestamp: Number(bytes.readBigInt64BE(35)),
    producerId: bytes.readBigInt64BE(43),
    count: bytes.readInt32BE(57),
    body: bytes.subarray(HEADER),
  };
}

/**
 * The last offset of a damaged batch: the one before the batch that follows it; where none does, what its header says, if
 * that can be; else its first.
 */
export function lastOffsetOf(frame: Frame, following: Frame | null, end: number): number {
  const { baseOffset, bytes } = frame;
  if (following !== null && following.baseOffset > baseOffset) return following.baseOffset - 1;
  const said = bytes.length < HEADER ? baseOffset : readHeader(frame).lastOffset;
  return said >= baseOffset && said < end ? said : baseOffset;
}

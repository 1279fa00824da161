/** LZ4 frames, as Kafka's producers write them. */
import { repeatBack } from "./snappy.ts";

const MAGIC = 0x184d2204;
const HAS_CONTENT_SIZE = 0x08;
const HAS_DICTIONARY = 0x01;
const HAS_BLOCK_CHECKSUM = 0x10;
const STORED = 0x8000_0000;

/** Throws where the frame is damaged, or would unpack to more than `max` bytes. */
export function unpackLz4(bytes: Buffer, max: number): Buffer {
  const { blockMax, blocks } = readFrame(bytes);
  // Blocks may refer back to those before them, so all are written to one place.
  let out = Buffer.alloc(blockMax);
  let end = 0;
  for (const { block, isStored } of blocks) {
    if (out.length < end + blockMax) out = Buffer.concat([out, Buffer.alloc(out.length + blockMax)]);
    end = isStored ? end + block.copy(out, end) : unpackBlock(block, out, end);
    if (end > max) throw new Error(`a batch unpacks to more than ${max} bytes`);
  }
  return out.subarray(0, end);
}

interface Frame {
  readonly blockMax: number;
  readonly blocks: readonly { readonly block: Buffer; readonly isStored: boolean }[];
}

function readFrame(bytes: Buffer): Frame {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new Error("not an LZ4 frame");
  const flags = bytes.readUInt8(4);
  const blockMax = 1 << (8 + 2 * ((bytes.readUInt8(5) >> 4) & 7));
  const blocks: Frame["blocks"][number][] = [];
  let at = 7 + (flags & HAS_CONTENT_SIZE ? 8 : 0) + (flags & HAS_DICTIONARY ? 4 : 0);
  for (let head = bytes.readUInt32LE(at); head !== 0; head = bytes.readUInt32LE(at)) {
    at += 4;
    const isStored = head >= STORED;
    const size = isStored ? head - STORED : head;
    if (at + size > bytes.length || size > blockMax) throw new Error("an LZ4 block is damaged");
    blocks.push({ block: bytes.subarray(at, at + size), isStored });
    at += size + (flags & HAS_BLOCK_CHECKSUM ? 4 : 0);
  }
  return { blockMax, blocks };
}

/** Pairs of literals and a reference back; the last pair has no reference. */
function unpackBlock(block: Buffer, out: Buffer, start: number): number {
  let at = 0;
  let end = start;
  const length = (short: number): number => {
    let sum = short;
    if (short !== 15) return sum;
    let more = 255;
    while (more === 255) {
      more = block.readUInt8(at++);
      sum += more;
    }
    return sum;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = length(token >> 4);
    if (at + literals > block.length || end + literals > out.length)
      throw new Error("an LZ4 block is damaged");
    end += block.copy(out, end, at, at + literals);
    at += literals;
    if (at >= block.length) break;
    const back = block.readUInt16LE(at);
    at += 2;
    end = repeatBack(out, end, { back, length: length(token & 15) + 4 });
  }
  return end;
}

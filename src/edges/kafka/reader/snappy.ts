/** Snappy blocks, bare or in the frame of Java's library (xerial), as Kafka's producers write them. */

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER = 16;

/** Throws where a block is damaged, or would unpack to more than `max` bytes. */
export function unpackSnappy(bytes: Buffer, max: number): Buffer {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return unpackBlock(bytes, max);
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER; at < bytes.length; ) {
    const size = bytes.readInt32BE(at);
    const left = max - blocks.reduce((sum, block) => sum + block.length, 0);
    blocks.push(unpackBlock(bytes.subarray(at + 4, at + 4 + size), left));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

function unpackBlock(block: Buffer, max: number): Buffer {
  const { size, start } = readSize(block);
  let at = start;
  if (size > max) throw new Error(`a batch unpacks to more than ${max} bytes`);
  const out = Buffer.alloc(size);
  let end = 0;
  while (at < block.length) {
    const tag = block.readUInt8(at++);
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const width = short < 60 ? 0 : short - 59;
      const length = (width === 0 ? short : block.readUIntLE(at, width)) + 1;
      at += width;
      if (at + length > block.length || end + length > size) throw new Error("a Snappy block is damaged");
      end += block.copy(out, end, at, at + length);
      at += length;
    } else if (kind === 1) {
      end = repeatBack(out, end, {
        back: ((tag >> 5) << 8) + block.readUInt8(at),
        length: ((tag >> 2) & 7) + 4,
      });
      at += 1;
    } else {
      const width = kind === 2 ? 2 : 4;
      end = repeatBack(out, end, { back: block.readUIntLE(at, width), length: (tag >> 2) + 1 });
      at += width;
    }
  }
  if (end !== size) throw new Error("a Snappy block is damaged");
  return out;
}

/** How much the block unpacks to, and where it begins. */
function readSize(block: Buffer): { size: number; start: number } {
  let size = 0;
  for (let at = 0; ; at++) {
    const byte = block.readUInt8(at);
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { size, start: at + 1 };
  }
}

/** Writes again what stands `back` bytes before the end; both may overlap, then it repeats. Returns the new end. */
export function repeatBack(out: Buffer, end: number, what: { back: number; length: number }): number {
  const { back, length } = what;
  const from = end - back;
  if (back === 0 || from < 0 || end + length > out.length) throw new Error("a compressed batch is damaged");
  if (back >= length) out.copyWithin(end, from, from + length);
  else for (let i = 0; i < length; i++) out[end + i] = out[from + i] ?? 0;
  return end + length;
}

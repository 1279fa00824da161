import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { decompress, UNPACKED_BYTES_MAX } from "../../../src/edges/kafka/reader/compression.ts";

const [GZIP, SNAPPY, LZ4, ZSTD] = [1, 2, 3, 4];
const zeros = Buffer.alloc(UNPACKED_BYTES_MAX + 1);

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** A frame of blocks of up to 4 MB, without checksums. */
const lz4Frame = (...blocks: readonly Buffer[]): Buffer =>
  Buffer.concat([
    int32(0x184d2204),
    Buffer.from([0x60, 0x70, 0]),
    ...blocks.flatMap((block) => [int32(block.length), block]),
    int32(0),
  ]);

/** One literal, again and again, and one at the end; nearly 4 MB in 16 KB. */
const lz4Bomb = Buffer.concat([
  Buffer.from([0x1f, 0, 1, 0]),
  Buffer.alloc(16_000, 255),
  Buffer.from([0, 0x10, 0]),
]);

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
  return Buffer.from([...bytes, left]);
};

/** Java's frame around blocks of 32 MB less a little. */
const xerial = (...blocks: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    ...blocks.flatMap((block) => [int32(block.length).swap32(), block]),
  ]);

const refused = { message: /^a compressed batch cannot be unpacked: / };

describe("a compressed batch", () => {
  it("is unpacked", () => {
    const plain = Buffer.from("as it was");
    assert.deepEqual(decompress(GZIP, gzipSync(plain)), plain);
    assert.deepEqual(decompress(ZSTD, zstdCompressSync(plain)), plain);
    const literals = Buffer.concat([Buffer.from([plain.length << 4]), plain]);
    assert.deepEqual(decompress(LZ4, lz4Frame(literals)), plain);
    const snappy = Buffer.concat([varint(plain.length), Buffer.from([(plain.length - 1) << 2]), plain]);
    assert.deepEqual(decompress(SNAPPY, snappy), plain);
    assert.deepEqual(decompress(SNAPPY, xerial(snappy, snappy)), Buffer.concat([plain, plain]));
  });

  for (const [name, codec, bomb] of [
    ["gzip", GZIP, gzipSync(zeros)],
    ["zstd", ZSTD, zstdCompressSync(zeros)],
    ["lz4", LZ4, lz4Frame(...Array.from({ length: 20 }, () => lz4Bomb))],
    ["snappy", SNAPPY, Buffer.concat([varint(UNPACKED_BYTES_MAX + 1), Buffer.from([0, 0])])],
    ["a varint without end in snappy", SNAPPY, Buffer.alloc(100, 0xff)],
  ] as const) {
    it(`is refused where it would fill the memory: ${name}`, () => {
      const before = process.memoryUsage().arrayBuffers;
      assert.throws(() => decompress(codec, bomb), refused);
      const taken = process.memoryUsage().arrayBuffers - before;
      assert.ok(taken < 4 * UNPACKED_BYTES_MAX, `${taken} bytes were taken`);
    });
  }

  it("is refused where it is damaged", () => {
    // Says 10 literals, and holds 3.
    const short = Buffer.from([0xa0, 1, 2, 3]);
    assert.throws(() => decompress(LZ4, lz4Frame(short)), refused);
    // Longer than the frame.
    assert.throws(() => decompress(LZ4, lz4Frame(short).subarray(0, 13)), refused);
    // A reference back before the beginning.
    assert.throws(() => decompress(LZ4, lz4Frame(Buffer.from([0x10, 1, 9, 0, 0]))), refused);
    assert.throws(() => decompress(SNAPPY, Buffer.from([10, 9 << 2, 1, 2, 3])), refused);
    assert.throws(() => decompress(SNAPPY, Buffer.from([10, 2 << 2, 1, 2, 3])), refused);
    assert.throws(() => decompress(SNAPPY, xerial(Buffer.alloc(0))), refused);
    assert.throws(() => decompress(GZIP, Buffer.from("not gzip")), refused);
    assert.throws(() => decompress(ZSTD, Buffer.from("not zstd")), refused);
    assert.throws(() => decompress(7, Buffer.from("what")), refused);
  });
});

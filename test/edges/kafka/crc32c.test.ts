import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { crc32c } from "../../../src/edges/kafka/crc32c.ts";

/** Bit by bit, as the standard says it. */
function bitByBit(bytes: Uint8Array): number {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ ((sum & 1) === 1 ? 0x82f63b78 : 0);
  }
  return ~sum >>> 0;
}

describe("the checksum of batches", () => {
  it("is the one that others find", () => {
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  });

  it("is the same in steps as bit by bit, whatever the length and wherever it begins", () => {
    const bytes = fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(bytes, fc.nat(20), (all, start) => {
        assert.equal(crc32c(Buffer.from(all), Math.min(start, all.length)), bitByBit(all.subarray(start)));
      }),
    );
  });
});

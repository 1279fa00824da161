import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import fc from "fast-check";
import { murmur2, partitionOf } from "../../src/runtime/partitioner.ts";

const require = createRequire(import.meta.url);
const ofKafkajs: (bytes: Buffer) => number = require("kafkajs/src/producer/partitioners/default/murmur2");

describe("the partitioner", () => {
  it("hashes as Kafka's own clients do", () => {
    // The values of Kafka's own unit test for murmur2.
    assert.equal(murmur2(new TextEncoder().encode("21")), -973932308);
    assert.equal(murmur2(new TextEncoder().encode("foobar")), -790332482);
    assert.equal(
      murmur2(new TextEncoder().encode("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
      -58897971,
    );
  });

  it("agrees with kafkajs for any key and count", () => {
    const few = fc.string({ unit: fc.constantFrom("a", "é", "ß") });
    const short = fc.oneof(fc.string({ unit: "binary" }), fc.string(), few);
    const long = fc.string({ unit: "binary-ascii", minLength: 250, maxLength: 300, size: "max" });
    fc.assert(
      fc.property(fc.oneof(short, long), fc.integer({ min: 1, max: 100 }), (key, count) => {
        const expected = (ofKafkajs(Buffer.from(key)) & 0x7fffffff) % count;
        assert.equal(partitionOf(key, count), expected);
      }),
    );
  });
});

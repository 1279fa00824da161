import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import fc from "fast-check";
import { crc32c } from "../../../src/edges/kafka/crc32c.ts";
import {
  encodingProduce,
  type Produced,
  produceBody,
  type Request,
} from "../../../src/edges/kafka/produce/produce.ts";
import { type Message, recordBatch } from "../../../src/edges/kafka/produce/record-batch.ts";
import { readRecords } from "../../../src/edges/kafka/reader/records.ts";

const require = createRequire(import.meta.url);
// Held from before the patches are laid on.
const stock: (asked: Produced) => Request = require("kafkajs/src/protocol/requests/produce/v3/request");
const stockCrc: (bytes: Buffer) => number = require("kafkajs/src/protocol/recordBatch/crc32C");

const content = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);
const timestamp = "1790000000000";
const headers = fc.option(
  fc.dictionary(fc.string(), fc.oneof(content, fc.array(content, { maxLength: 3 })), { maxKeys: 3 }),
  { nil: undefined },
);
const message: fc.Arbitrary<Message> = fc
  .record({ key: fc.option(content), value: fc.option(content), headers, timestamp: fc.constant(timestamp) })
  .map(({ headers: some, ...rest }) => (some === undefined ? rest : { ...rest, headers: some }));

const asked = fc.record({
  acks: fc.constant(-1),
  timeout: fc.nat(),
  transactionalId: fc.option(fc.string({ unit: "binary" })),
  producerId: fc.bigInt({ min: -1n, max: 2n ** 62n }).map(String),
  producerEpoch: fc.nat({ max: 32_767 }),
  compression: fc.constant(0),
  topicData: fc.array(
    fc.record({
      topic: fc.string(),
      partitions: fc.array(
        fc.record({
          partition: fc.nat({ max: 1000 }),
          firstSequence: fc.nat(),
          messages: fc.array(message, { minLength: 1, maxLength: 150 }),
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 3 },
  ),
});

describe("a request to write records", () => {
  it("has the very bytes that kafkajs would send", async () => {
    await fc.assert(
      fc.asyncProperty(asked, async (what) => {
        const theirs = (await stock(what).encode()).buffer;
        assert.deepEqual(produceBody(what, 1), theirs);
      }),
    );
  });

  it("leaves to kafkajs what is compressed", async () => {
    const what: Produced = { acks: -1, timeout: 1, topicData: [] };
    const theirs: Request = { encode: () => Promise.reject(new Error("kafkajs' own")) };
    const create = encodingProduce(() => theirs);
    await assert.rejects(create({ ...what, compression: 1 }).encode(), /kafkajs' own/);
    assert.deepEqual((await create(what).encode()).buffer, produceBody(what, 1));
  });
});

describe("a batch of records", () => {
  const writing = { producerId: 7n, producerEpoch: 1, firstSequence: 0, isTransactional: true, nowMs: 5_000 };
  const bytesOf = (messages: readonly Message[]): Buffer => {
    const batch = recordBatch(messages, writing);
    const into = Buffer.alloc(batch.bytes);
    assert.equal(batch.write(into, 0), batch.bytes);
    return into;
  };

  it("is read back as it was written, each record at its own time, in whatever order the times are", () => {
    const messages = ["3000", "1000", undefined, "9000000000000"].map((at, i) => ({
      key: `k${i}`,
      value: null,
      ...(at !== undefined && { timestamp: at }),
    }));
    const { records, nextOffset } = readRecords(bytesOf(messages), 0, []);
    assert.deepEqual(
      records.map(({ timestamp: at }) => Number(at) / 1000),
      [3_000, 1_000, 5_000, 9_000_000_000_000],
    );
    assert.equal(nextOffset, 4);
  });

  it("tells the greatest time of its records, by which the broker indexes it", () => {
    const bytes = bytesOf([
      { value: "a", timestamp: "900" },
      { value: "b", timestamp: "1000" },
      { value: "c", timestamp: "20" },
    ]);
    assert.equal(bytes.readBigInt64BE(35), 1000n);
  });
});

describe("the checksum of a batch", () => {
  it("is that of kafkajs, wherever it begins and ends", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), fc.nat(20), (bytes, front, back) => {
        const whole = Buffer.from([...Array(front).fill(1), ...bytes, ...Array(back).fill(2)]);
        const sum = crc32c(whole.subarray(0, front + bytes.length), front);
        assert.equal(sum, stockCrc(Buffer.from(bytes)) >>> 0);
      }),
    );
  });
});

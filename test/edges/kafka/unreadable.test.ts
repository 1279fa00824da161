/** Batches on a real broker that cannot be read: each is one record that says so, and its neighbours are as they were (P-11). */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import { UNPACKED_BYTES_MAX } from "../../../src/edges/kafka/reader/compression.ts";
import type { Log, LogRecord } from "../../../src/runtime/ports.ts";
import { batch } from "./batches.ts";
import { Gate, type Message } from "./gate.ts";
import { produceRaw } from "./produce.ts";
import { openLog, others, put, readAll, text, unique } from "./real.ts";

let log: Log;
before(async () => {
  log = await openLog();
});
after(async () => {
  await log.close();
});

async function newTopic(): Promise<string> {
  const name = unique("topic");
  await log.create([{ name, partitions: 1, keep: { ms: 86_400_000 } }]);
  return name;
}

const told = (found: readonly LogRecord[]) =>
  found.map((record) => [record.offset, record.unreadable ?? text(record)]);

/** From every offset, what was told from the first, and nothing else. */
async function assertTold(topic: string, expected: readonly (readonly [number, string])[]): Promise<void> {
  const end = await log.end(topic, 0);
  for (let from = 0; from < end; from++) {
    assert.deepEqual(
      told(await readAll(log, topic, from)),
      expected.filter(([offset]) => offset >= from).map((each) => [...each]),
      `from ${from}`,
    );
  }
}

describe("a batch that a broker has taken", () => {
  it("is one record that says why where it would fill the memory", async () => {
    const topic = await newTopic();
    await log.append([put(topic, "before")]);
    const producer = others().producer();
    await producer.connect();
    const messages = [
      { partition: 0, value: "small" },
      { partition: 0, value: Buffer.alloc(UNPACKED_BYTES_MAX) },
    ];
    await producer.send({ topic, compression: 1, messages });
    await producer.disconnect();
    await log.append([put(topic, "after")]);
    const why = `Cannot create a Buffer larger than ${UNPACKED_BYTES_MAX} bytes`;
    await assertTold(topic, [
      [0, "before"],
      [2, `offsets 1 to 2 cannot be read: a compressed batch cannot be unpacked: ${why}`],
      [3, "after"],
    ]);
  });

  it("is one record that says why where its compression is damaged", async () => {
    const topic = await newTopic();
    await log.append([put(topic, "before")]);
    const records = ["a", "b", "c"].map((value) => ({ key: "k", value }));
    const packed = gzipSync(batch({ at: 0, records }).subarray(61));
    // The broker counts the records and looks no further.
    const body = Buffer.concat([packed, Buffer.from("and then something else")]);
    assert.equal(await produceRaw(topic, batch({ at: 0, records, packed: { codec: 1, body } })), 0);
    await log.append([put(topic, "after")]);
    await assertTold(topic, [
      [0, "before"],
      [3, "offsets 1 to 3 cannot be read: a compressed batch cannot be unpacked: incorrect header check"],
      [4, "after"],
    ]);
  });
});

describe("a batch that is damaged on its way to us", () => {
  /** Turns a bit in every answer that holds the mark, as often as is asked. */
  const turning = (mark: string, times: number) => {
    let left = times;
    return ({ api, isAnswer, bytes }: Message) => {
      const at = api === "fetch" && isAnswer ? bytes.indexOf(mark) : -1;
      if (at >= 0 && left-- > 0) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      return "pass" as const;
    };
  };

  async function readThrough(times: number) {
    const topic = await newTopic();
    for (const value of ["before", "marked", "after"]) await log.append([put(topic, value)]);
    const gate = await Gate.open();
    gate.meddle(turning("marked", times));
    const far = await openKafkaLog({ brokers: [gate.address], clientId: "far", clockTopic: "test-clock" });
    try {
      return told(await readAll(far, topic));
    } finally {
      await far.close();
      gate.shut();
    }
  }

  it("is fetched once more, and is whole then", async () => {
    assert.deepEqual(await readThrough(1), [
      [0, "before"],
      [1, "marked"],
      [2, "after"],
    ]);
  });

  it("is one record that says so where it comes the same again, as from a damaged disk", async () => {
    const [first, second, third] = await readThrough(Number.POSITIVE_INFINITY);
    assert.deepEqual(
      [first, third],
      [
        [0, "before"],
        [2, "after"],
      ],
    );
    assert.match(String(second), /^1,offset 1 cannot be read: the batch is damaged: its checksum is /);
  });
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { fromMillis } from "../../../src/core/model/time.ts";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import { type Log, LogError } from "../../../src/runtime/ports.ts";
import { administer, createTopic, openLog, others, put, readAll, readTo, text, unique } from "./real.ts";

let log: Log;
before(async () => {
  log = await openLog();
});
after(async () => {
  await log.close();
});

const days = { ms: 86_400_000 };
async function newTopic(partitions = 1): Promise<string> {
  const name = unique("topic");
  await log.create([{ name, partitions, keep: days }]);
  return name;
}

/** Aborts transactions of several producers whose records stand among each other. */
async function abortAll(topic: string, names: readonly string[]): Promise<void> {
  const open = [];
  for (const name of names) {
    const producer = others().producer({ transactionalId: unique(name), idempotent: true });
    await producer.connect();
    open.push({ name, producer, transaction: await producer.transaction() });
  }
  for (const round of [1, 2]) {
    for (const { name, transaction } of open) {
      const message = { partition: 0, key: Buffer.alloc(4), value: `${name}${round}` };
      await transaction.send({ topic, messages: [message] });
    }
  }
  for (const { transaction, producer } of open) {
    await transaction.abort();
    await producer.disconnect();
  }
}

describe("reading from a broker", () => {
  it("shows nothing of aborted transactions, from whatever offset, and comes to the end", async () => {
    const topic = await newTopic();
    await log.append([put(topic, "before")]);
    await abortAll(topic, ["A", "B", "C"]);
    // The answer to an abort comes before its markers stand.
    while ((await log.end(topic, 0)) < 1 + 6 + 3);
    await log.append([put(topic, "after")]);
    const end = await log.end(topic, 0);
    for (let from = 0; from < end; from++) {
      const found = (await readAll(log, topic, from)).map(text);
      assert.deepEqual(found, from === 0 ? ["before", "after"] : ["after"], `from ${from}`);
    }
  });

  it("waits before an open transaction, and does not take that for the end", async () => {
    const topic = await newTopic();
    const producer = others().producer({ transactionalId: unique("open"), idempotent: true });
    await producer.connect();
    await log.append([put(topic, "first")]);
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ partition: 0, value: "open" }] });
    await log.append([put(topic, "behind it")]);

    assert.equal(await log.end(topic, 0), 1);
    const reader = await log.openReader([{ topic, partition: 0, offset: 0 }]);
    assert.deepEqual((await readTo(reader, 1)).map(text), ["first"]);
    let idle = await reader.poll(20);
    while (idle.length === 0) idle = await reader.poll(20);
    assert.deepEqual(
      idle.map(({ isAtEnd, nextOffset }) => [isAtEnd, nextOffset]),
      [[false, 1]],
    );

    await transaction.commit();
    assert.deepEqual((await readTo(reader, 4)).map(text), ["open", "behind it"]);
    await producer.disconnect();
  });

  it("gives records the broker's time, not the producer's", async () => {
    const topic = await newTopic();
    const producer = others().producer();
    await producer.connect();
    const messages = ["1000", "2000"].map((timestamp) => ({ partition: 0, value: timestamp, timestamp }));
    const [told] = await producer.send({ topic, messages });
    await producer.disconnect();
    const stamp = fromMillis(Number(told?.logAppendTime));
    assert.deepEqual(
      (await readAll(log, topic)).map(({ timestamp }) => timestamp),
      [stamp, stamp],
    );
  });

  it("gives records the producer's time where the topic keeps that", async () => {
    const topic = await createTopic({ "message.timestamp.type": "CreateTime" });
    const producer = others().producer();
    await producer.connect();
    const times = [Date.now() - 5_000, Date.now() - 3_000];
    const messages = times.map((time) => ({ partition: 0, value: "x", timestamp: String(time) }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    assert.deepEqual(
      (await readAll(log, topic)).map(({ timestamp }) => timestamp),
      times.map(fromMillis),
    );
  });

  for (const codec of ["gzip", "snappy", "lz4", "zstd"]) {
    it(`reads what was compressed by ${codec}`, async () => {
      const topic = await createTopic({ "compression.type": codec });
      const noise = randomBytes(100_000).toString("hex");
      const values = [
        "",
        "a",
        "ab".repeat(50_000),
        noise,
        `${noise.slice(0, 70_000)}${noise.slice(0, 70_000)}`,
        "z".repeat(500_000),
      ];
      await log.append(values.map((value) => put(topic, value)));
      const found = (await readAll(log, topic)).map(text);
      assert.deepEqual(
        found.map(({ length }) => length),
        values.map(({ length }) => length),
      );
      assert.ok(
        found.every((value, i) => value === values[i]),
        "the same characters",
      );
    });
  }

  it("gets past a batch larger than it asks for", async () => {
    const topic = await newTopic();
    await log.append([put(topic, "x".repeat(3_000_000))]);
    await log.append([put(topic, "y")]);
    assert.deepEqual(
      (await readAll(log, topic)).map((record) => text(record).length),
      [3_000_000, 1],
    );
  });

  it("says so when what it was to read has been deleted", async () => {
    const topic = await newTopic();
    await log.append(["1", "2", "3"].map((value) => put(topic, value)));
    await administer(async (admin) => {
      await admin.fetchTopicOffsets(topic); // it deletes only where it has looked before
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "2" }] });
    });
    assert.equal(await log.start(topic, 0), 2);
    const reader = await log.openReader([{ topic, partition: 0, offset: 0 }]);
    await assert.rejects(readTo(reader, 3), (error) => {
      assert.ok(error instanceof LogError && error.retriable);
      assert.match(error.message, /\/0 cannot be read from 0: what stood before 2 was deleted by retention/);
      return true;
    });
    await reader.close();
    assert.deepEqual((await readAll(log, topic, 2)).map(text), ["3"]);
  });

  it("does not know a topic that is not there", async () => {
    await assert.rejects(log.openReader([{ topic: unique("none"), partition: 0, offset: 0 }]), LogError);
  });
});

describe("writing to a broker", () => {
  it("refuses records that no partition takes, which kafkajs would drop in silence", async () => {
    const topic = await newTopic(2);
    await assert.rejects(log.append([put(topic, "1", 2)]), /has no partition 2, only 2/);
  });

  it("spreads records without key over the partitions", async () => {
    const topic = await newTopic(3);
    const record = { topic, partition: null, key: null, value: null, headers: {} };
    const appended = await log.append([record, record, record]);
    assert.deepEqual(
      appended.map(({ partition }) => partition).sort((a, b) => a - b),
      [0, 1, 2],
    );
  });

  it("refuses a record that is too large without harm to others", async () => {
    const topic = await newTopic();
    const large = log.append([put(topic, "x".repeat(17_000_000))]);
    const small = log.append([put(topic, "small")]);
    await assert.rejects(large, (error) => error instanceof LogError && !error.retriable);
    await small;
    assert.deepEqual((await readAll(log, topic)).map(text), ["small"]);
  });

  it("tells offsets and times of records appended side by side", async () => {
    const topic = await newTopic(2);
    const many = Array.from({ length: 50 }, (_, i) => put(topic, String(i), i % 2));
    const appended = await Promise.all(many.map((record) => log.append([record])));
    const found = [await readAll(log, topic, 0, 0), await readAll(log, topic, 0, 1)];
    for (const [i, [told]] of appended.entries()) {
      const record = found[i % 2]?.find(({ offset }) => offset === told?.offset);
      assert.deepEqual(record && [text(record), record.timestamp], [String(i), told?.timestamp]);
    }
  });

  it("makes a transaction of several thousand records in one piece", async () => {
    const topic = await newTopic();
    const writer = await log.openWriter(unique("writer"));
    await writer.commit(Array.from({ length: 4_321 }, (_, i) => put(topic, String(i))));
    assert.equal((await readAll(log, topic)).length, 4_321);
  });
});

describe("topics on a broker", () => {
  it("are made by several processes at once", async () => {
    const specs = [1, 2, 3].map((partitions) => ({ name: unique("shared"), partitions, keep: days }));
    await Promise.all([log.create(specs), log.create([...specs].reverse()), log.create(specs)]);
    assert.deepEqual(await Promise.all(specs.map(({ name }) => log.partitions(name))), [1, 2, 3]);
  });

  it("carry the broker's time, and are compacted where the newest is kept", async () => {
    const names = { kept: unique("kept"), latest: unique("latest") };
    await log.create([
      { name: names.kept, partitions: 1, keep: { ms: 60_000 } },
      { name: names.latest, partitions: 1, keep: "latest" },
    ]);
    const configOf = (name: string) =>
      administer(async (admin) => {
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: 2, name }],
        });
        return new Map(
          resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
        );
      });
    const [kept, latest] = [await configOf(names.kept), await configOf(names.latest)];
    const asked = (config: ReadonlyMap<string, string>, ...entries: string[]) =>
      entries.map((name) => config.get(name));
    assert.deepEqual(asked(kept, "message.timestamp.type", "cleanup.policy", "retention.ms"), [
      "LogAppendTime",
      "delete",
      "60000",
    ]);
    assert.deepEqual(asked(latest, "message.timestamp.type", "cleanup.policy"), ["LogAppendTime", "compact"]);
  });
});

describe("a log that cannot be opened", () => {
  it("says where it looked", async () => {
    const settings = { brokers: ["127.0.0.1:1"], clientId: "test", clockTopic: "test-clock" };
    await assert.rejects(openKafkaLog(settings), (error) => {
      assert.ok(error instanceof LogError && error.retriable);
      assert.match(error.message, /^no Kafka broker answers at 127\.0\.0\.1:1 \(KAFKA_BROKERS\): /);
      return true;
    });
  });
});

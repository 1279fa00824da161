import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import { openKafkaLog } from "../../src/edges/kafka/kafka.ts";
import type { Log, LogRecord } from "../../src/runtime/ports.ts";
import { readTo } from "../../src/runtime/read-to.ts";
import { Api, type Environment, freePort, Tripline, tripline, until } from "../support/process.ts";

const brokers = (process.env["KAFKA_BROKERS"] ?? "").split(",");

/** A Tripline of its own on the shared broker: its own prefix, folder and ports. */
async function ownEnvironment(): Promise<{
  environment: Environment;
  prefix: string;
  port: number;
  data: string;
}> {
  const data = await mkdtemp(join(tmpdir(), "tripline-"));
  const port = await freePort();
  const prefix = `e2e-${randomUUID().slice(0, 8)}`;
  const environment = {
    KAFKA_BROKERS: brokers.join(","),
    TRIPLINE_PREFIX: prefix,
    TRIPLINE_DATA: data,
    TRIPLINE_PORT: String(port),
    TRIPLINE_API_URL: `http://127.0.0.1:${port}/api`,
    TRIPLINE_HISTORY_PORT: String(await freePort()),
  };
  return { environment, prefix, port, data };
}

/** Any Kafka producer will do: this is the stock client, as people have it. */
async function stockProducer(): Promise<Producer> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return producer;
}

const eventRecord = (event: string, resource: string, id = randomUUID()) => ({
  key: resource,
  value: JSON.stringify({ id, event, resource: { "prefect.resource.id": resource }, payload: {} }),
});

/** Every committed record of a topic, read by a reader of our own. */
async function recordsOf(log: Log, topic: string): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  const count = await log.partitions(topic);
  for (let partition = 0; partition < count; partition++) {
    const end = await log.end(topic, partition);
    const offset = await log.start(topic, partition);
    await readTo(log, { from: { topic, partition, offset }, end, take: (record) => records.push(record) });
  }
  return records;
}

describe("Tripline on Kafka, each role a process, two evaluators", () => {
  const running: Tripline[] = [];
  let own: Awaited<ReturnType<typeof ownEnvironment>>;
  let api: Api;
  let producer: Producer;
  let log: Log;

  before(async () => {
    own = await ownEnvironment();
    api = new Api(own.port);
    // The first creates the topics; the others find them.
    for (const role of ["historian", "evaluator", "evaluator", "scheduler", "gateway"]) {
      running.push(await Tripline.start(["run", role], own.environment));
    }
    producer = await stockProducer();
    log = await openKafkaLog({ brokers, clientId: "e2e", clockTopic: `${own.prefix}.clock` });
  });
  after(async () => {
    await producer.disconnect();
    await log.close();
    for (const one of running.toReversed()) await one.stop();
    await rm(own.data, { recursive: true, force: true });
  });

  const topic = (name: string): string => `${own.prefix}.${name}`;
  const deploy = (file: string): Promise<string> =>
    tripline(["deploy", "--all", "--prefect-file", `docs/examples/${file}`], own.environment);

  it("hands a run on when any producer writes the event", async () => {
    await deploy("ping.yaml");
    await producer.send({
      topic: topic("events"),
      messages: [eventRecord("external.resource.pinged", "my.external.resource")],
    });
    await until(async () => (await recordsOf(log, topic("due-runs"))).length > 0, "nothing is due");
    const [record] = await recordsOf(log, topic("due-runs"));
    const run = JSON.parse(new TextDecoder().decode(record?.value ?? new Uint8Array()));
    assert.equal(run.deploymentName, "my-deployment");
    assert.equal(run.parameters.param_1.event, "external.resource.pinged");
  });

  it("lets a compound trigger fire although its events come by different tasks", async () => {
    await deploy("ping-and-reply.yaml");
    for (const event of ["pinged", "replied"]) {
      await api.post("/events", {
        event: `external.resource.${event}`,
        resource: { "prefect.resource.id": "my.external.resource" },
      });
    }
    const pending = async (): Promise<readonly unknown[]> =>
      JSON.parse(await tripline(["runs", "list", "--json"], own.environment));
    await until(async () => (await pending()).length === 1, "the compound trigger did not fire");
  });

  it("keeps what is no event with its place and the reason, and goes on", async () => {
    await producer.send({
      topic: topic("events"),
      messages: [
        { key: "a", value: "{ not json" },
        { key: "a", value: '{"event": "no.resource"}' },
      ],
    });
    await until(async () => (await recordsOf(log, topic("rejected"))).length >= 2, "nothing is rejected");
    const rejected = (await recordsOf(log, topic("rejected"))).map((record) =>
      JSON.parse(new TextDecoder().decode(record.value ?? new Uint8Array())),
    );
    assert.deepEqual(
      rejected.map(({ topic: from, value }) => [from, value]),
      [
        ["events", "{ not json"],
        ["events", '{"event": "no.resource"}'],
      ],
    );
    assert.match(rejected[0].reason, /not JSON/);
    assert.match(rejected[1].reason, /resource: Field required/);
  });

  it("answers from history, which another process keeps", async () => {
    await until(
      async () => (await api.count("select count() from rejected")) === 2,
      "rejections are missing",
    );
    const table = await tripline(["history", "select count() as firings from firings"], own.environment);
    assert.match(table, /2/);
  });
});

describe("Tripline on Kafka, killed in the middle of a burst", () => {
  let own: Awaited<ReturnType<typeof ownEnvironment>>;

  before(async () => {
    own = await ownEnvironment();
  });
  after(async () => {
    await rm(own.data, { recursive: true, force: true });
  });

  it("turns 20,000 events into 20,000 firings, runs and rows, none lost and none double", async () => {
    const TOTAL = 20_000;
    const BATCH = 500;
    const api = new Api(own.port);
    let running = await Tripline.start(["start"], own.environment);
    const log = await openKafkaLog({ brokers, clientId: "e2e", clockTopic: `${own.prefix}.clock` });
    const producer = await stockProducer();
    const count = async (name: string): Promise<number> =>
      (await recordsOf(log, `${own.prefix}.${name}`)).length;
    try {
      await api.post("/automations/", {
        name: "burst",
        trigger: { type: "event", posture: "Reactive", expect: ["burst"], threshold: 1, within: 0 },
        actions: [{ type: "run-deployment", source: "selected", deployment_id: randomUUID() }],
      });
      const kills = new Set([8, 18, 30]);
      for (let batch = 0; batch < TOTAL / BATCH; batch++) {
        const messages = Array.from({ length: BATCH }, (_, i) =>
          eventRecord("burst", `host.${(batch * BATCH + i) % 1000}`),
        );
        await producer.send({ topic: `${own.prefix}.events`, messages });
        if (kills.has(batch)) {
          // Only once it is at work again: a kill before that would interrupt nothing.
          const before = await count("firings");
          await until(
            async () => (await count("firings")) > before || before >= batch * BATCH,
            "it does nothing",
          );
          await running.kill();
          running = await Tripline.start(["start"], own.environment);
        }
      }
      await until(
        async () => (await count("due-runs")) >= TOTAL,
        `due runs: ${await count("due-runs")}`,
        120_000,
      );
      assert.equal(await count("due-runs"), TOTAL);
      assert.equal(await count("firings"), TOTAL);
      const ids = (await recordsOf(log, `${own.prefix}.due-runs`)).map((record) => {
        const run: { runId: string } = JSON.parse(new TextDecoder().decode(record.value ?? new Uint8Array()));
        return run.runId;
      });
      assert.equal(new Set(ids).size, TOTAL);
      const rows = "select count() from firings";
      await until(async () => (await api.count(rows)) >= TOTAL, "history lacks firings", 120_000);
      assert.equal(await api.count(rows), TOTAL);
      assert.equal(await api.count("select count() from runs where kind = 'due'"), TOTAL);
    } finally {
      await producer.disconnect();
      await log.close();
      await running.stop();
    }
  });
});

/** One backlog on a real broker: on 1, 4 and 12 partitions, with 1 and 3 evaluator processes, the firings of a replay (P-6). */
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import type { Firing } from "../../src/core/model/firing.ts";
import { fromMillis, minus, minutes, toMillis } from "../../src/core/model/time.ts";
import { openKafkaLog } from "../../src/edges/kafka/kafka.ts";
import type { Log } from "../../src/runtime/ports.ts";
import { backlog, definitionsOf, eventRecord, FiringReader } from "../simulation/backlog.ts";
import { onReplay } from "../simulation/on-replay.ts";
import { asText, type Timeline } from "../simulation/timeline.ts";
import { topologyFor, wireFor } from "../simulation/world/ground.ts";
import { Tripline, until } from "../support/process.ts";

const brokers = (process.env["KAFKA_BROKERS"] ?? "").split(",");
const SEED = Number(process.env["SIMULATION_SEED"] ?? 4);
const EVENTS = 3_000;
const SETTINGS = [
  { partitions: 1, evaluators: 1 },
  { partitions: 4, evaluators: 1 },
  { partitions: 4, evaluators: 3 },
  { partitions: 12, evaluators: 1 },
  { partitions: 12, evaluators: 3 },
];

describe(`a backlog of ${EVENTS} events on Kafka, of seed ${SEED}`, () => {
  // Over by now: what comes after the last event is that none comes.
  const start = minus(fromMillis(Date.now()), minutes(180));
  const timeline = backlog(SEED, start, { events: EVENTS, automations: 14, resources: 40 });
  const replayed = asText(onReplay(timeline));

  for (const setting of SETTINGS) {
    it(`fires as a replay does: ${setting.partitions} partitions, ${setting.evaluators} evaluators`, async () => {
      const firings = asText(await onKafka(timeline, setting, replayed.length));
      assert.equal(hashOf(firings), hashOf(replayed), firstDifference(firings, replayed));
    });
  }
});

const hashOf = (texts: readonly string[]): string =>
  createHash("sha256").update(texts.join("\n")).digest("hex");

function firstDifference(firings: readonly string[], replayed: readonly string[]): string {
  const at = firings.findIndex((firing, i) => firing !== replayed[i]);
  return `${firings[at] ?? "nothing"}\ninstead of\n${replayed[at] ?? "nothing"}`;
}

interface Setting {
  readonly partitions: number;
  readonly evaluators: number;
}

/** Events stand in a topic of their senders, which keeps the times they were given: every run sees the same. */
async function onKafka(
  timeline: Timeline,
  { partitions, evaluators }: Setting,
  expected: number,
): Promise<readonly Firing[]> {
  const prefix = `invariance-${randomUUID().slice(0, 8)}`;
  const wire = wireFor(partitions, prefix);
  await sendAll(timeline, wire.nameOf("events"), partitions);
  const log = await openKafkaLog({ brokers, clientId: prefix, clockTopic: `${prefix}.clock` });
  const running: Tripline[] = [];
  try {
    const topics = Object.values(topologyFor(partitions).topics);
    await log.create(topics.map((topic) => ({ ...topic, name: wire.nameOf(topic.name) })));
    assert.equal(await eventsIn(log, wire.nameOf("events")), EVENTS);
    await log.append(definitionsOf(timeline, wire));
    const environment = {
      KAFKA_BROKERS: brokers.join(","),
      TRIPLINE_PREFIX: prefix,
      TRIPLINE_PARTITIONS: String(partitions),
    };
    const starting = Array.from({ length: evaluators }, () =>
      Tripline.start(["run", "evaluator"], environment),
    );
    running.push(...(await Promise.all(starting)));
    const reader = await FiringReader.open(log, wire, timeline);
    const isThere = async (): Promise<boolean> => !(await reader.read()) && reader.firings.length >= expected;
    await until(isThere, `of ${expected} firings not all came`, 120_000);
    for (const one of running.splice(0)) await one.stop();
    while (await reader.read());
    await reader.close();
    return reader.firings;
  } finally {
    for (const one of running) await one.kill();
    await log.close();
  }
}

async function eventsIn(log: Log, topic: string): Promise<number> {
  const counts = Array.from({ length: await log.partitions(topic) }, (_, partition) =>
    log.written(topic, partition),
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function sendAll(timeline: Timeline, topic: string, partitions: number): Promise<void> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: "message.timestamp.type", value: "CreateTime" }];
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, configEntries }],
    waitForLeaders: false,
  });
  await admin.disconnect();
  // A batch that is sent again must not stand there twice: ids are remembered for half an hour of the timeline only.
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  await producer.connect();
  const messages = timeline.steps.flatMap((step) => {
    if (step.kind !== "event") return [];
    const { key, value } = eventRecord(step.event, wireFor(partitions));
    return [{ key, value: value === null ? null : Buffer.from(value), timestamp: String(toMillis(step.at)) }];
  });
  await producer.send({ topic, messages });
  await producer.disconnect();
}

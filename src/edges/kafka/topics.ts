/** Creates the topics that are missing, and refuses those that are there with another partition count. */

import { setTimeout as after } from "node:timers/promises";
import type { Admin, ITopicConfig } from "kafkajs";
import { LogError, RECORD_BYTES_MAX, type TopicSpec } from "../../runtime/ports.ts";
import { type Client, patiently } from "./client.ts";
import { within } from "./deadline.ts";
import { asLogError } from "./faults.ts";

/** The largest batch of records that a topic takes. */
export const BATCH_BYTES_MAX = RECORD_BYTES_MAX + 1024 * 1024;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const LOOK_AGAIN_MS = 20;

export async function createTopics(client: Client, specs: readonly TopicSpec[]): Promise<void> {
  const { kafka, connections } = client.kafka();
  const admin = kafka.admin();
  try {
    await within(2 * client.patienceMs, "creating topics", createWith(admin, client, specs));
  } catch (fault) {
    throw asLogError("creating topics", fault);
  } finally {
    await patiently(admin.disconnect());
    connections.end();
  }
}

async function createWith(admin: Admin, client: Client, specs: readonly TopicSpec[]): Promise<void> {
  await admin.connect();
  const known = new Set(await admin.listTopics());
  const missing = specs.filter(({ name }) => !known.has(name));
  const { brokers } = await admin.describeCluster();
  const replicas = client.settings.replicationFactor ?? Math.min(3, brokers.length);
  // One by one, because other processes may be creating the same.
  for (const spec of missing) {
    await admin.createTopics({ topics: [asConfig(spec, replicas)], waitForLeaders: false });
  }
  const counts = await untilLed(admin, specs, client.patienceMs);
  refuseOtherCounts(specs, counts);
}

/** A topic is there when every partition has a leader, which takes the brokers a moment (K10). */
async function untilLed(
  admin: Admin,
  specs: readonly TopicSpec[],
  withinMs: number,
): Promise<ReadonlyMap<string, number>> {
  const latest = performance.now() + withinMs;
  const topics = specs.map(({ name }) => name);
  if (topics.length === 0) return new Map();
  for (;;) {
    try {
      const told = (await admin.fetchTopicMetadata({ topics })).topics;
      const isLed = told.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
      if (isLed) return new Map(told.map(({ name, partitions }) => [name, partitions.length]));
    } catch (fault) {
      if (performance.now() > latest) throw fault;
    }
    if (performance.now() > latest) {
      throw new LogError(`partitions without a leader in ${topics.join(", ")}`, { retriable: true });
    }
    await after(LOOK_AGAIN_MS);
  }
}

function refuseOtherCounts(specs: readonly TopicSpec[], counts: ReadonlyMap<string, number>): void {
  const others = specs
    .filter(({ name, partitions }) => counts.get(name) !== partitions)
    .map(({ name, partitions }) => `${name} has ${counts.get(name) ?? 0} partitions, not ${partitions}`);
  if (others.length === 0) return;
  throw new LogError(
    `${others.join("; ")}: set the counts of the topology to those of the topics, or let it make its own under another prefix. ` +
      "The count is chosen once: keys and state stay where it puts them.",
    { retriable: false },
  );
}

function asConfig({ name, partitions, keep }: TopicSpec, replicationFactor: number): ITopicConfig {
  const common = {
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": String(BATCH_BYTES_MAX),
    ...(replicationFactor > 2 && { "min.insync.replicas": "2" }),
  };
  const entries = { ...common, ...(keep === "latest" ? compacted : deletedAfter(keep.ms)) };
  const configEntries = Object.entries(entries).map(([entry, value]) => ({ name: entry, value }));
  return { topic: name, numPartitions: partitions, replicationFactor, configEntries };
}

/** Cleaned often, so that a restore reads little; tombstones stay long enough for every reader that was away to see them. */
const compacted = {
  "cleanup.policy": "compact",
  "min.cleanable.dirty.ratio": "0.1",
  "segment.ms": String(HOUR_MS),
  "segment.bytes": String(128 * 1024 * 1024),
  "max.compaction.lag.ms": String(6 * HOUR_MS),
  "delete.retention.ms": String(7 * DAY_MS),
};

/** Deleted a segment at a time: it must not hold much more than what is to be kept. */
function deletedAfter(ms: number): Record<string, string> {
  return {
    "cleanup.policy": "delete",
    "retention.ms": String(ms),
    "segment.ms": String(Math.max(60_000, Math.min(DAY_MS, Math.ceil(ms / 4)))),
  };
}

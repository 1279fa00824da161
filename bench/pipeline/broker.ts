/** The broker that all contestants share, and topics whose time is that of their events. */
import { readFileSync } from "node:fs";
import type { Admin } from "kafkajs";
import { kafkajs } from "../../src/edges/kafka/patches/patches.ts";
import { type Cluster, startCluster } from "../../test/support/cluster.ts";

export interface Broker {
  readonly brokers: readonly string[];
  /** Null where the broker was not started here. */
  readonly pid: number | null;
  /** Creates a topic whose records keep the time their producer gives them. */
  create(topic: string, partitions: number): Promise<void>;
  /** Deletes the topics of a contestant that is done. */
  remove(prefix: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startBroker(): Promise<Broker> {
  const cluster: Cluster = await startCluster();
  const brokers = [...cluster.brokers];
  const { Kafka, logLevel } = kafkajs();
  const admin = new Kafka({ brokers, clientId: "bench", logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  return {
    brokers,
    pid: childOfOurs(),
    create: async (topic, partitions) => {
      await admin.createTopics({ topics: [topicOf(topic, partitions)], waitForLeaders: false });
      await untilLed(admin, topic);
    },
    remove: async (prefix) => {
      const topics = (await admin.listTopics()).filter((name) => name.startsWith(`${prefix}.`));
      if (topics.length > 0) await admin.deleteTopics({ topics });
    },
    stop: async () => {
      await admin.disconnect();
      await cluster.stop();
    },
  };
}

const topicOf = (topic: string, numPartitions: number) => ({
  topic,
  numPartitions,
  replicationFactor: 1,
  configEntries: [
    { name: "message.timestamp.type", value: "CreateTime" },
    { name: "message.timestamp.after.max.ms", value: "9223372036854775807" },
  ],
});

async function untilLed(admin: Admin, topic: string): Promise<void> {
  for (;;) {
    const told = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => null);
    const partitions = told?.topics[0]?.partitions ?? [];
    if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return;
  }
}

/** The broker, if it runs as a process of its own below this one. */
function childOfOurs(): number | null {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  const [only] = children;
  return only === undefined || only === "" ? null : Number(only);
}

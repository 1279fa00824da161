/** Has the broker compact what is kept by its latest all the time, and in small pieces. */
import kafkajs, { Kafka, logLevel } from "kafkajs";
import type { Environment } from "../../support/process.ts";

const EAGER = {
  "cleanup.policy": "compact",
  "message.timestamp.type": "LogAppendTime",
  "max.message.bytes": String(16 * 1024 * 1024),
  "segment.ms": "3000",
  "min.cleanable.dirty.ratio": "0.01",
  "max.compaction.lag.ms": "3000",
  // Longer than any restore takes, be it made to stand still: who reads a value must yet come to its tombstone.
  "delete.retention.ms": "60000",
};

export async function cleanEagerly({ KAFKA_BROKERS = "", TRIPLINE_PREFIX = "" }: Environment): Promise<void> {
  const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(","), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const configEntries = Object.entries(EAGER).map(([name, value]) => ({ name, value }));
    await admin.alterConfigs({
      validateOnly: false,
      resources: ["evaluator-changelog", "run-commands"].map((topic) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: `${TRIPLINE_PREFIX}.${topic}`,
        configEntries,
      })),
    });
  } finally {
    await admin.disconnect();
  }
}

/** The broker that test/support/global-setup.ts has started, and what tests do to it beside the port. */
import { randomUUID } from "node:crypto";
import { type ITopicConfig, Kafka, logLevel } from "kafkajs";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import type { Log, LogRecord, Reader } from "../../../src/runtime/ports.ts";

export function brokers(): string[] {
  const given = process.env["KAFKA_BROKERS"] ?? "";
  if (given === "") {
    throw new Error(
      "KAFKA_BROKERS is not set: run `npm run test:edges`, or start test/support/cluster.ts by hand",
    );
  }
  return given.split(",");
}

export const unique = (what: string): string => `${what}-${randomUUID().slice(0, 8)}`;

export const openLog = (): Promise<Log> =>
  openKafkaLog({ brokers: brokers(), clientId: "test", clockTopic: "test-clock", sessionTimeoutMs: 6_000 });

/** A client of others, to do what our port does not. */
export const others = (): Kafka =>
  new Kafka({
    brokers: brokers(),
    clientId: "others",
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 5, multiplier: 1.2, retries: 50 },
  });

export async function createTopic(config: Readonly<Record<string, string>>, partitions = 1): Promise<string> {
  const topic = unique("topic");
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  const wanted: ITopicConfig = { topic, numPartitions: partitions, configEntries };
  await administer(async (admin) => {
    await admin.createTopics({ topics: [wanted], waitForLeaders: false });
    // Known to whoever asks some milliseconds later (K10).
    while (!(await admin.listTopics()).includes(topic));
  });
  return topic;
}

export async function administer<Told>(
  task: (admin: ReturnType<Kafka["admin"]>) => Promise<Told>,
): Promise<Told> {
  const admin = others().admin();
  await admin.connect();
  try {
    return await task(admin);
  } finally {
    await admin.disconnect();
  }
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = ({ value }: LogRecord): string =>
  value === null ? "–" : new TextDecoder().decode(value);

export const put = (topic: string, value: string, partition = 0, key = "k") => ({
  topic,
  partition,
  key,
  value: bytes(value),
  headers: {},
});

/** Polls until the reader has come to an offset of a partition, and gives what it found there. */
export async function readTo(reader: Reader, end: number, partition = 0): Promise<readonly LogRecord[]> {
  const found: LogRecord[] = [];
  for (let next = -1; next < end; ) {
    for (const batch of await reader.poll(1_000)) {
      if (batch.partition !== partition) continue;
      found.push(...batch.records);
      next = batch.nextOffset;
    }
  }
  return found;
}

/** All that is committed in a partition. */
export async function readAll(
  log: Log,
  topic: string,
  offset = 0,
  partition = 0,
): Promise<readonly LogRecord[]> {
  const end = await log.end(topic, partition);
  const reader = await log.openReader([{ topic, partition, offset }]);
  const found = await readTo(reader, end, partition);
  await reader.close();
  return found;
}

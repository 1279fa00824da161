/** Has the log cleaner go over a topic, and waits until it has. */
import kafkajs from "kafkajs";
import { Client } from "../../../src/edges/kafka/client.ts";
import { frameAt, type RecordBatch, readHeader } from "../../../src/edges/kafka/reader/batch.ts";
import { fetchFrom } from "../../../src/edges/kafka/reader/fetch.ts";
import type { Log } from "../../../src/runtime/ports.ts";
import { administer, brokers, createTopic, openLog, others, put, readAll, unique } from "./real.ts";

/** Segments roll with the next record, and are cleaned as soon as anything in them is outdated. */
const EAGER = {
  "cleanup.policy": "compact",
  "message.timestamp.type": "LogAppendTime",
  "segment.ms": "1",
  "min.cleanable.dirty.ratio": "0.0001",
  "max.compaction.lag.ms": "1",
  "delete.retention.ms": "0",
};

export async function configure(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await administer((admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    }),
  );
}

/** Each key once is what is left, but for the records that close the last segments. */
export async function compact(topic: string): Promise<void> {
  await configure(topic, EAGER);
  const log = await openLog();
  const closing = { topic, partition: 0, key: "closes a segment", value: null, headers: {} };
  for (;;) {
    await log.append([closing]);
    const left = (await readAll(log, topic, await log.start(topic, 0))).filter(
      ({ key }) => key !== closing.key,
    );
    if (new Set(left.map(({ key }) => key)).size === left.length) break;
  }
  await log.close();
}

const SEGMENT_BYTES = 1024 * 1024;
/** What remains of a segment beside one large record is less than the records before it take. */
const LARGE = SEGMENT_BYTES - 300;

export interface Trap {
  readonly topic: string;
  /** The last record that is kept before the emptied batch. */
  readonly before: number;
  /** The end of the partition. */
  readonly end: number;
}

/**
 * The log that stops readers for good (K1): a segment that ends in the batch of a killed task, which the cleaner has emptied
 * and kept, and behind it a segment so full that the cleaner cannot put both together. Its writer's marker stands there.
 */
export async function setTrap(log: Log): Promise<Trap> {
  const topic = await createTopic({
    "cleanup.policy": "compact",
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": String(2 * SEGMENT_BYTES),
    "segment.bytes": String(SEGMENT_BYTES),
    "min.cleanable.dirty.ratio": "0.0001",
  });
  const writer = await log.openWriter(unique("writer"));
  for (let round = 0; round < 8; round++) {
    await writer.commit(["a", "b"].map((key) => put(topic, `${key}${round}`, 0, key)));
  }
  const killed = others().producer({ transactionalId: unique("killed"), idempotent: true });
  await killed.connect();
  const transaction = await killed.transaction();
  const messages = ["a", "b", "c"].map((key) => ({ partition: 0, key, value: "aborted" }));
  const [sent] = await transaction.send({ topic, messages });
  const emptied = Number(sent?.baseOffset);
  await log.append([put(topic, "d".repeat(LARGE), 0, "d")]);
  await transaction.abort();
  await killed.disconnect();
  await writer.close();
  for (;;) {
    const batches = await fetchRaw(topic, emptied);
    if (batches.length > 0 && batches.every(({ count }) => count === 0)) break;
  }
  return { topic, before: emptied - 2, end: await log.end(topic, 0) };
}

/** The headers of what a fetch brings. */
async function fetchRaw(topic: string, offset: number): Promise<readonly RecordBatch[]> {
  const client = new Client({ brokers: brokers(), clientId: "raw", clockTopic: "test-clock" });
  const cluster = client.cluster({ maxInFlightRequests: null });
  await cluster.connect();
  await cluster.addMultipleTargetTopics([topic]);
  const nodeId = String(cluster.findTopicPartitionMetadata(topic)[0]?.leader);
  const [fetched] = await fetchFrom(
    await cluster.findBroker({ nodeId }),
    [{ topic, partition: 0, offset }],
    0,
  );
  await cluster.disconnect();
  const bytes = fetched?.bytes ?? Buffer.alloc(0);
  const found: RecordBatch[] = [];
  let at = 0;
  for (let frame = frameAt(bytes, at); frame !== null; frame = frameAt(bytes, at)) {
    found.push(readHeader(frame));
    at += frame.bytes.length;
  }
  return found;
}

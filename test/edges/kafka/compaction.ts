/** Has the log cleaner go over a topic, and waits until it has. */
import kafkajs from "kafkajs";
import { administer, openLog, readAll } from "./real.ts";

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

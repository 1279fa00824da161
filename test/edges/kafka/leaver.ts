/** A process of its own for away.test.ts: opens everything a log has, says so, and closes it when it is told to. */
import { once } from "node:events";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";

const [broker = "", topic = ""] = process.argv.slice(2);
const say = (text: string) => process.stdout.write(`${text}\n`);

const log = await openKafkaLog({
  brokers: [broker],
  clientId: "leaver",
  clockTopic: "test-clock",
  warn: say,
});
const isAssigned = Promise.withResolvers<void>();
const membership = await log.join(topic, [topic], {
  assigned: async () => isAssigned.resolve(),
  failed: (error) => say(`failed: ${error.message}`),
});
await isAssigned.promise;
const writer = await log.openWriter(topic);
const reader = await log.openReader([{ topic, partition: 0, offset: 0 }]);
await reader.poll(10);
await log.end(topic, 0);
say("ready");

await once(process.stdin, "data");
process.stdin.destroy();
const begun = performance.now();
// What is under way when everything is closed fails, or goes on to nothing.
const underWay = [
  log.append([{ topic, partition: 0, key: null, value: null, headers: {} }]),
  log.end(topic, 0),
];
const asked = Promise.allSettled([...underWay, reader.poll(60_000), log.openWriter(`${topic}-2`)]);
await membership.leave();
await Promise.all([writer.close(), reader.close()]);
await log.close();
say(`closed after ${Math.round(performance.now() - begun)} ms`);
await asked;
say("over");

/** The reference: kafkajs as it comes, which reads the events and parses them, and does nothing with them. */
import { Kafka, logLevel } from "kafkajs";

const [broker = "", topic = "", each = "0"] = process.argv.slice(2);
const eventsEach = Number(each);

const kafka = new Kafka({ brokers: [broker], clientId: "parse", logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: `${topic}.parse`, maxWaitTimeInMs: 100 });
let seen = 0;
let kept: unknown = null;
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => process.stdout.write("ready\n"));
await consumer.run({
  eachBatch: async ({ batch }) => {
    for (const { value } of batch.messages) if (value !== null) kept = JSON.parse(value.toString());
    const before = Math.floor(seen / eventsEach);
    seen += batch.messages.length;
    if (Math.floor(seen / eventsEach) > before) process.stdout.write(kept === null ? "nothing\n" : "round\n");
  },
});
process.on("SIGINT", () => process.exit(0));

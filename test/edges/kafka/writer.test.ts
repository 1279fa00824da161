/** What goes over the wire when records are written, seen from the way to the broker. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import type { KafkaSettings } from "../../../src/edges/kafka/client.ts";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import { type Log, LogError } from "../../../src/runtime/ports.ts";
import { type Api, Gate, type Message } from "./gate.ts";
import { openLog, put, readAll, text, unique } from "./real.ts";

const CONCURRENT_TRANSACTIONS = 51;

let near: Log;
let far: Log;
let gate: Gate;
let topic = "";
before(async () => {
  near = await openLog();
});
after(async () => {
  await near.close();
});
beforeEach(async () => {
  topic = unique("topic");
  await near.create([{ name: topic, partitions: 1, keep: { ms: 86_400_000 } }]);
  gate = await Gate.open();
});
afterEach(async () => {
  await far.close();
  gate.shut();
});

async function open(settings: Partial<KafkaSettings> = {}): Promise<Log> {
  far = await openKafkaLog({
    brokers: [gate.address],
    clientId: "far",
    clockTopic: "test-clock",
    ...settings,
  });
  return far;
}

/** The requests that pass from now on, by their kind. */
function requests(): (Api | null)[] {
  const heard: (Api | null)[] = [];
  gate.meddle(({ api, isAnswer }) => {
    if (!isAnswer) heard.push(api);
    return "pass";
  });
  return heard;
}

const texts = async () => (await readAll(near, topic)).map(text);

describe("a transaction on a broker", () => {
  it("does not look for its coordinator again (K8)", async () => {
    const writer = await (await open()).openWriter(unique("writer"));
    await writer.commit([put(topic, "first")]);
    const heard = requests();
    await writer.commit([put(topic, "second"), put(topic, "third")]);
    const once = (asked: Api) => heard.filter((api) => api === asked).length;
    assert.deepEqual([once("produce"), once("endTransaction"), once("findCoordinator")], [1, 1, 0]);
  });

  it("is tried again after some milliseconds while the broker is still busy with the one before (K4)", async () => {
    // kafkajs by itself waits for 300 ms first, and then for twice as long each time: that would be half an hour.
    const writer = await (await open({ patienceMs: 5_000 })).openWriter(unique("writer"));
    let busy = 12;
    let hasLooked = false;
    gate.meddle(({ api, isAnswer, bytes }: Message) => {
      if (api === "findCoordinator") hasLooked = true;
      if (api === "addPartitions" && isAnswer && busy-- > 0) {
        bytes.writeInt16BE(CONCURRENT_TRANSACTIONS, bytes.length - 2);
      }
      return "pass";
    });
    await writer.commit([put(topic, "at last")]);
    assert.deepEqual([await texts(), hasLooked], [["at last"], false]);
  });
});

describe("a producer that has numbered as many records as it can (K9)", () => {
  it("makes room for another, by which appends go on", async () => {
    const log = await open({ recordsPerProducerMax: 10 });
    const heard = requests();
    const values = Array.from({ length: 25 }, (_, i) => String(i));
    for (const value of values) await log.append([put(topic, value)]);
    assert.deepEqual(await texts(), values);
    assert.ok(heard.filter((api) => api === "initProducerId").length >= 2);
  });

  it("is given up by its writer, and its task goes on with a new one", async () => {
    const log = await open({ recordsPerProducerMax: 3 });
    const name = unique("writer");
    const writer = await log.openWriter(name);
    await writer.commit([put(topic, "1"), put(topic, "2")]);
    await assert.rejects(
      writer.commit([put(topic, "3"), put(topic, "4")]),
      (error) => error instanceof LogError && error.retriable && /has written its share/.test(error.message),
    );
    await (await log.openWriter(name)).commit([put(topic, "3"), put(topic, "4")]);
    assert.deepEqual(await texts(), ["1", "2", "3", "4"]);
  });
});

/** Evaluator tasks on a real broker that loses what they say, and what it says: each event fires once, all the same. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { knownProcessors, stages } from "../../../src/core/core.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { Rejection } from "../../../src/core/model/rejection.ts";
import { seconds } from "../../../src/core/model/time.ts";
import { openCodecs, schemaNames } from "../../../src/edges/avro/avro.ts";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import type { Log, Ticker } from "../../../src/runtime/ports.ts";
import { RoleRunner } from "../../../src/runtime/role.ts";
import { Task } from "../../../src/runtime/task/task.ts";
import { Wire } from "../../../src/runtime/wire.ts";
import { loadTopology } from "../../../src/topology/topology.ts";
import { automation, on, tablesOf } from "../../support/evaluators.ts";
import { until } from "../../support/process.ts";
import { batch } from "./batches.ts";
import { Gate } from "./gate.ts";
import { produceRaw } from "./produce.ts";
import { openLog, readAll, unique } from "./real.ts";

const ROOT = join(import.meta.dirname, "../../..");
const schemas = join(ROOT, "schemas");
const loaded = loadTopology(readFileSync(join(ROOT, "topologies/tripline.yaml"), "utf8"), {
  processors: knownProcessors,
  schemas: schemaNames(schemas),
});
assert(loaded.ok);
const topology = loaded.value;

const ticker: Ticker = {
  now: () => performance.now(),
  sleep: async (ms) => {
    await pause(ms);
  },
  breathe: async () => {
    await nextTurn();
  },
};

const onPing = automation(
  "a",
  on("t", "ping", { forEach: ["prefect.resource.id"], threshold: 2, within: seconds(600) }),
);

let near: Log;
let far: Log;
let gate: Gate;
let wire: Wire;
let role: RoleRunner;
let built = 0;
before(async () => {
  near = await openLog();
});
after(async () => {
  await near.close();
});

beforeEach(async () => {
  wire = new Wire({ topology, codecs: openCodecs(schemas), prefix: unique("p") });
  const topics = Object.values(topology.topics);
  await near.create(topics.map(({ name, keep }) => ({ name: wire.nameOf(name), partitions: 1, keep })));
  gate = await Gate.open();
  const settings = { brokers: [gate.address], clientId: "far", clockTopic: "test-clock", patienceMs: 1_500 };
  far = await openKafkaLog({ ...settings, sessionTimeoutMs: 6_000 });
  const evaluator = topology.roles["evaluator"] ?? assert.fail("no evaluator");
  const tables = { current: () => tablesOf([onPing], 1), reached: async () => {} };
  built = 0;
  role = await RoleRunner.start({
    group: wire.nameOf("evaluator"),
    topics: [wire.nameOf("events")],
    log: far,
    ticker,
    report: () => {},
    buildTask: (partition, poison) => {
      built += 1;
      const ground = { log: far, wire, ticker, tables, report: () => {} };
      const place = { role: evaluator, stages, partition, partitions: 1, poison, clockSkew: seconds(0) };
      return new Task({ ...ground, ...place });
    },
  });
});

afterEach(async () => {
  gate.meddle(() => "pass");
  await role.stop();
  await far.close();
  gate.shut();
});

/** Of two events about one resource the second fires: what the first has counted must have been kept. */
const sent = async (n: number): Promise<void> => {
  const key = `host-${Math.ceil(n / 2)}`;
  const body = { event: "ping", resource: { "prefect.resource.id": key }, payload: { n } };
  const value = new TextEncoder().encode(JSON.stringify(body));
  await near.append([{ topic: wire.nameOf("events"), partition: 0, key, value, headers: {} }]);
};

/** Of the payloads of the events that paid, in the order of the firings; whatever was committed up to now. */
async function fired(): Promise<readonly unknown[]> {
  const records = await readAll(near, wire.nameOf("firings"));
  return records.map((record) => wire.decode<Firing>("firings", record).event?.payload["n"]);
}

async function untilFired(...expected: readonly number[]): Promise<void> {
  await until(async () => (await fired()).length >= expected.length, "not all has fired");
  assert.deepEqual(await fired(), expected);
}

describe("a task whose commit is in doubt", { timeout: 120_000 }, () => {
  for (const isAnswer of [true, false]) {
    it(`is built anew, and counts each event once: ${isAnswer ? "the answer" : "the request"} is lost`, async () => {
      await sent(1);
      await sent(2);
      await untilFired(2);
      for (const n of [3, 5]) {
        const before = built;
        let isLost = false;
        gate.meddle((message) => {
          if (message.api !== "endTransaction" || message.isAnswer !== isAnswer || isLost) return "pass";
          isLost = true;
          return "lose";
        });
        await sent(n);
        await until(() => built > before, "it has not been built anew");
        await sent(n + 1);
        await untilFired(...[2, 4, 6].filter((each) => each <= n + 1));
      }
      await sent(7);
      await sent(8);
      await untilFired(2, 4, 6, 8);
    });
  }
});

describe("a task before a batch that cannot be read", { timeout: 120_000 }, () => {
  it("rejects it once, with place and reason, and goes on", async () => {
    const events = wire.nameOf("events");
    const records = ["{}", "{}"].map((value) => ({ key: "host", value }));
    const packed = gzipSync(batch({ at: 0, records }).subarray(61));
    const body = Buffer.concat([packed, Buffer.from("and then something else")]);
    await sent(1);
    assert.equal(await produceRaw(events, batch({ at: 0, records, packed: { codec: 1, body } })), 0);
    await sent(2);
    await untilFired(2);
    const before = built;
    gate.meddle(({ api }) => (api === "endTransaction" && built === before ? "cut" : "pass"));
    await sent(3);
    await until(() => built > before, "it has not been built anew");
    await sent(4);
    await untilFired(2, 4);
    const rejected = (await readAll(near, wire.nameOf("rejected"))).map((record) =>
      wire.decode<Rejection>("rejected", record),
    );
    assert.deepEqual(
      rejected.map(({ topic, partition, offset, value }) => [topic, partition, offset, value]),
      [["events", 0, 2, null]],
    );
    assert.match(
      rejected[0]?.reason ?? "",
      /^offsets 1 to 2 cannot be read: a compressed batch cannot be unpacked/,
    );
  });
});

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openKafkaLog } from "../../src/edges/kafka/kafka.ts";
import { kafkajs } from "../../src/edges/kafka/patches/patches.ts";
import { partitionOf } from "../../src/runtime/partitioner.ts";
import type { Log, LogRecord } from "../../src/runtime/ports.ts";
import { readTo } from "../../src/runtime/read-to.ts";
import { Api, type Environment, freePort, Tripline, until } from "../support/process.ts";

const brokers = (process.env["KAFKA_BROKERS"] ?? "").split(",");
const PARTITIONS = 4;
const KEYS = 1_500;
const resources = Array.from({ length: KEYS }, (_, number) => `host.${number}`);

interface Fired {
  readonly paidBy: readonly string[];
  readonly event: { readonly resource: Readonly<Record<string, string>> };
}

/** Fires at the third event of each resource. */
const thirdOfEach = {
  name: "third of each",
  trigger: {
    type: "event",
    posture: "Reactive",
    expect: ["ping"],
    for_each: ["prefect.resource.id"],
    threshold: 3,
    within: 3600,
  },
  actions: [{ type: "do-nothing" }],
};

/** Which partitions each member of a group follows, once all have the same share of the work; null before that. */
async function followedIn(group: string): Promise<readonly string[] | null> {
  const { Kafka, logLevel, AssignerProtocol } = kafkajs();
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([group]);
    const shares = (groups[0]?.members ?? []).map(({ memberAssignment }) => {
      const topics = AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
      const of = (name: string): readonly number[] =>
        Object.entries(topics).find(([topic]) => topic.endsWith(name))?.[1] ?? [];
      return { owned: of(".events"), copies: of(".evaluator-changelog") };
    });
    const isShared = shares.length === 2 && shares.every(({ owned }) => owned.length === PARTITIONS / 2);
    return isShared ? shares.map(({ copies }) => copies.join(", ")).toSorted() : null;
  } finally {
    await admin.disconnect();
  }
}

/** The partitions of which a process said last that it has warm copies. */
const warmIn = ({ output }: Tripline): string =>
  [...output.matchAll(/has warm copies of all it follows: (.*)\n/g)].at(-1)?.[1] ?? "";

describe("two evaluators that stand by for each other, restarted one after the other", () => {
  let environment: Environment;
  let prefix: string;
  let data: string;
  let log: Log;
  let gateway: Tripline;
  let evaluators: Tripline[] = [];

  before(async () => {
    data = await mkdtemp(join(tmpdir(), "tripline-"));
    const port = await freePort();
    prefix = `standby-${randomUUID().slice(0, 8)}`;
    environment = {
      KAFKA_BROKERS: brokers.join(","),
      TRIPLINE_PREFIX: prefix,
      TRIPLINE_DATA: data,
      TRIPLINE_PORT: String(port),
      TRIPLINE_PARTITIONS: String(PARTITIONS),
      TRIPLINE_STANDBY: "1",
    };
    gateway = await Tripline.start(["run", "gateway"], environment);
    const created = await new Api(port).post("/automations/", thirdOfEach);
    assert.equal(created.status, 201, created.text);
    log = await openKafkaLog({ brokers, clientId: "e2e", clockTopic: `${prefix}.clock` });
    for (let i = 0; i < 2; i++) evaluators.push(await Tripline.start(["run", "evaluator"], environment));
  });
  after(async () => {
    await log.close();
    for (const one of [...evaluators, gateway]) await one.stop();
    await rm(data, { recursive: true, force: true });
  });

  const send = (): Promise<unknown> =>
    log.append(
      resources.map((resource) => ({
        topic: `${prefix}.events`,
        partition: partitionOf(resource, PARTITIONS),
        key: resource,
        value: Buffer.from(JSON.stringify({ event: "ping", resource: { "prefect.resource.id": resource } })),
        headers: {},
      })),
    );

  async function recordsOf(topic: string): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const end = await log.end(topic, partition);
      await readTo(log, {
        from: { topic, partition, offset: await log.start(topic, partition) },
        end,
        take: (record) => records.push(record),
      });
    }
    return records;
  }

  /** Both share the work, and each has all of what the other does at hand. */
  const shared = (): Promise<void> =>
    until(async () => {
      const followed = await followedIn(`${prefix}.evaluator`);
      return followed?.join("; ") === evaluators.map(warmIn).toSorted().join("; ");
    }, "they do not share, or not all copies are warm");

  /** How many offsets a process says it has read back since a place in its output. */
  const restoredSince = ({ output }: Tripline, place: number): number =>
    [...output.slice(place).matchAll(/restored, ([\d,]+) offsets read/g)].reduce(
      (sum, [, count]) => sum + Number(count?.replaceAll(",", "")),
      0,
    );

  it("lose and double nothing, and read back next to nothing of what they take over", async () => {
    const [first, second] = evaluators;
    assert(first !== undefined && second !== undefined);
    await shared();
    await send();
    const buckets = async (): Promise<number> => {
      const keys = (await recordsOf(`${prefix}.evaluator-changelog`)).map(({ key }) => key ?? "");
      return new Set(keys.filter((key) => key.startsWith("buckets|"))).size;
    };
    await until(async () => (await buckets()) === KEYS, "not every key has a bucket");

    // The first leaves while events come in; the second has its work at hand.
    let place = second.output.length;
    await Promise.all([send(), first.stop()]);
    const third = await Tripline.start(["run", "evaluator"], environment);
    evaluators = [second, third];
    await shared();
    assert(restoredSince(second, place) < KEYS / 2, second.output.slice(place));

    place = third.output.length;
    await Promise.all([send(), second.stop()]);
    evaluators = [third];
    const firings = async () => recordsOf(`${prefix}.firings`);
    await until(async () => (await firings()).length >= KEYS, "not every resource has fired");
    assert(restoredSince(third, place) < KEYS / 2, third.output.slice(place));

    const fired = (await firings()).map(({ value }) => {
      const { paidBy, event }: Fired = JSON.parse(new TextDecoder().decode(value ?? new Uint8Array()));
      return { resource: event.resource["prefect.resource.id"] ?? "", paid: paidBy.length };
    });
    assert.deepEqual(fired.map(({ resource }) => resource).toSorted(), resources.toSorted());
    assert.deepEqual(new Set(fired.map(({ paid }) => paid)), new Set([3]));
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cluster } from "../../../src/edges/kafka/client.ts";
import { Connections, Reach } from "../../../src/edges/kafka/connections.ts";
import { Offsets } from "../../../src/edges/kafka/offsets.ts";

/** A cluster whose answers a test gives, one by one. */
class Told implements Cluster {
  readonly questions: PromiseWithResolvers<number>[] = [];
  readonly brokerPool = { brokers: {}, metadata: null };
  readonly connections = new Connections([], new Reach([], () => {}));
  readonly #connected: Promise<void>;
  isAbandoned = false;

  constructor(connected: Promise<void>) {
    this.#connected = connected;
  }

  connect(): Promise<void> {
    return this.#connected;
  }

  async disconnect(): Promise<void> {
    this.isAbandoned = true;
  }

  async addMultipleTargetTopics(): Promise<void> {}

  findTopicPartitionMetadata(): readonly { partitionId: number; leader: number }[] {
    return [{ partitionId: 0, leader: 1 }];
  }

  findBroker(): Promise<never> {
    throw new Error("nobody asks");
  }

  findGroupCoordinator(): Promise<never> {
    throw new Error("nobody asks");
  }

  async fetchTopicsOffset(topics: readonly { readonly topic: string }[]) {
    const question = Promise.withResolvers<number>();
    this.questions.push(question);
    const offset = String(await question.promise);
    return topics.map(({ topic }) => ({ topic, partitions: [{ partition: 0, offset }] }));
  }
}

/** Gives these clusters, one after the other. */
function handing(...clusters: readonly Told[]) {
  let given = 0;
  return {
    patienceMs: 10_000,
    cluster: () => {
      const next = clusters[given++];
      assert.ok(next, "no more clusters are expected");
      return next;
    },
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

describe("questions about offsets", () => {
  it("have their answers, though another by the same connections has failed", async () => {
    const [first, second] = [new Told(Promise.resolve()), new Told(Promise.resolve())];
    const offsets = new Offsets(handing(first, second));
    const [unlucky, lucky] = [offsets.start("a", 0), offsets.start("b", 0)];
    await until(() => first.questions.length === 2);
    first.questions[0]?.reject(new Error("not the leader"));
    await until(() => second.questions.length === 1);
    assert.equal(first.isAbandoned, false);

    first.questions[1]?.resolve(7);
    assert.equal(await lucky, 7);
    await until(() => first.isAbandoned);
    second.questions[0]?.resolve(8);
    assert.equal(await unlucky, 8);
    assert.equal(second.isAbandoned, false);
  });

  it("that fail together go by one new cluster, and leave it alone", async () => {
    const [first, second] = [new Told(Promise.resolve()), new Told(Promise.resolve())];
    const offsets = new Offsets(handing(first, second));
    const asked = [offsets.start("a", 0), offsets.start("b", 0)];
    await until(() => first.questions.length === 2);
    first.questions[0]?.reject(new Error("cut"));
    await until(() => second.questions.length === 1);
    first.questions[1]?.reject(new Error("cut"));
    await until(() => second.questions.length === 2);
    assert.deepEqual([first.isAbandoned, second.isAbandoned], [true, false]);
    for (const question of second.questions) question.resolve(3);
    assert.deepEqual(await Promise.all(asked), [3, 3]);
  });

  it("leave nothing behind of a cluster that could not be connected", async () => {
    const [first, second] = [new Told(Promise.reject(new Error("refused"))), new Told(Promise.resolve())];
    const offsets = new Offsets(handing(first, second));
    const asked = offsets.start("a", 0);
    await until(() => second.questions.length === 1);
    assert.equal(first.isAbandoned, true);
    second.questions[0]?.resolve(1);
    assert.equal(await asked, 1);
    await offsets.close();
    assert.equal(second.isAbandoned, true);
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { HeldCopy, Log, Member } from "../../../src/runtime/ports.ts";
import { openLog, put, readAll, text, unique } from "./real.ts";

let one: Log;
let other: Log;
before(async () => {
  [one, other] = await Promise.all([openLog(), openLog()]);
});
after(async () => {
  await Promise.all([one.close(), other.close()]);
});

/** A member that remembers what it was given, and can be waited for. */
class Told implements Member {
  readonly sets: (readonly number[])[] = [];
  follows: readonly number[] = [];
  /** Whether what it follows is at hand. */
  areWarm = false;
  #news = Promise.withResolvers<void>();

  async assigned(partitions: readonly number[], copies: readonly number[]): Promise<void> {
    this.sets.push(partitions);
    this.follows = copies;
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  failed(error: Error): void {
    assert.fail(error);
  }

  copies(): readonly HeldCopy[] {
    return this.follows.map((partition) => ({ partition, isWarm: this.areWarm }));
  }

  get has(): readonly number[] {
    return this.sets.at(-1) ?? [];
  }

  async until(holds: (has: readonly number[]) => boolean): Promise<readonly number[]> {
    while (!holds(this.has)) await this.#news.promise;
    return this.has;
  }
}

async function newTopics(partitions: number): Promise<readonly string[]> {
  const specs = ["events", "matches"].map((name) => ({
    name: unique(name),
    partitions,
    keep: { ms: 3_600_000 },
  }));
  await one.create(specs);
  return specs.map(({ name }) => name);
}

describe("members of a group", () => {
  it("keep what they have when another comes and goes", async () => {
    const [topics, group] = [await newTopics(6), unique("group")];
    const [a, b] = [new Told(), new Told()];
    const first = await one.join(group, topics, a);
    await a.until(({ length }) => length === 6);

    const second = await other.join(group, topics, b);
    const [kept, moved] = [
      await a.until(({ length }) => length === 3),
      await b.until(({ length }) => length === 3),
    ];
    assert.deepEqual(
      [...kept, ...moved].toSorted((x, y) => x - y),
      [0, 1, 2, 3, 4, 5],
    );

    await second.leave();
    assert.deepEqual(await a.until(({ length }) => length === 6), [0, 1, 2, 3, 4, 5]);

    await other.join(group, topics, new Told());
    const again = await a.until(({ length }) => length === 3);
    assert.equal(again.length, 3);
    await first.leave();
  });

  it("follow the numbers of others, and take them over when their copies are warm", async () => {
    const [topics, group] = [await newTopics(6), unique("group")];
    const standbys = { topic: unique("changelog"), count: 1 };
    await one.create([{ name: standbys.topic, partitions: 6, keep: "latest" }]);
    const [a, b] = [new Told(), new Told()];
    const first = await one.join(group, topics, a, standbys);
    await a.until(({ length }) => length === 6);
    assert.deepEqual(a.follows, []);

    const second = await other.join(group, topics, b, standbys);
    await b.until(() => b.follows.length === 6);
    assert.deepEqual([a.has.length, b.has], [6, []]);
    b.areWarm = true;
    second.refresh();
    const moved = await b.until(({ length }) => length === 3);
    await a.until(({ length }) => length === 3);
    assert.deepEqual(a.follows, moved);
    assert.deepEqual(b.follows, a.has);

    await first.leave();
    await b.until(({ length }) => length === 6);
    assert.deepEqual(b.follows, []);
    await second.leave();
  });

  it("may be more than there are numbers", async () => {
    const [topics, group] = [await newTopics(1), unique("group")];
    const [a, b] = [new Told(), new Told()];
    const first = await one.join(group, topics, a);
    await a.until(({ length }) => length === 1);
    const second = await other.join(group, topics, b);
    await first.leave();
    assert.deepEqual(await b.until(({ length }) => length === 1), [0]);
    await second.leave();
  });

  it("are told the next set only when they have dealt with the last", async () => {
    const [topics, group] = [await newTopics(4), unique("group")];
    const [isTold, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const sets: (readonly number[])[] = [];
    let isBusy = false;
    const slow: Member = {
      assigned: async (partitions) => {
        assert.ok(!isBusy);
        isBusy = true;
        sets.push(partitions);
        isTold.resolve();
        await release.promise;
        isBusy = false;
      },
      failed: (error) => assert.fail(error),
    };
    const first = await one.join(group, topics, slow);
    await isTold.promise;

    const b = new Told();
    const second = await other.join(group, topics, b);
    await b.until(({ length }) => length === 2);
    await second.leave();
    assert.equal(sets.length, 1);
    release.resolve();
    await first.leave();
  });

  it("hand a partition over through its writer: who had it before cannot write any more", async () => {
    const [[topic = ""], group] = [await newTopics(1), unique("group")];
    const a = new Told();
    const first = await one.join(group, [topic], a);
    await a.until(({ length }) => length === 1);
    const before = await one.openWriter(`${group}.0`);
    await before.commit([put(topic, "of the first")]);
    await first.leave();

    const b = new Told();
    const second = await other.join(group, [topic], b);
    await b.until(({ length }) => length === 1);
    const after = await other.openWriter(`${group}.0`);
    await assert.rejects(before.commit([put(topic, "of a ghost")]), { name: "LogError", retriable: true });
    await after.commit([put(topic, "of the second")]);
    assert.deepEqual((await readAll(other, topic)).map(text), ["of the first", "of the second"]);
    await second.leave();
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LogError } from "../../src/runtime/ports.ts";
import { RoleRunner } from "../../src/runtime/role.ts";

/** A member of a role with standbys; what happens to its tasks and copies is told in order. */
class Member {
  readonly happened: string[] = [];
  readonly warm = new Map<number, () => void>();
  readonly #ends = new Map<number, (error: Error) => void>();

  async start(): Promise<RoleRunner<string>> {
    const runner: RoleRunner<string> = await RoleRunner.start<string>({
      group: "t.evaluator",
      topics: ["events"],
      log: {
        join: async (_group, _topics, _member, standbys) => {
          this.happened.push(`joined with ${JSON.stringify([standbys?.topic, standbys?.count])}`);
          return { leave: async () => {}, refresh: () => this.happened.push("refresh") };
        },
        end: async () => 0,
      },
      ticker: { now: () => 0, sleep: async () => nextTurn(), breathe: async () => nextTurn() },
      buildTask: (partition, _poison, copy) => this.#task(partition, copy),
      standbys: {
        topic: "changelog",
        count: 1,
        follow: (partition, warmed) => this.#follow(partition, warmed),
      },
      report: (line) => this.happened.push(line),
    });
    return runner;
  }

  fail(partition: number): void {
    this.#ends.get(partition)?.(new LogError("in doubt", { retriable: true }));
  }

  /** What has happened since the last call. */
  news(): readonly string[] {
    return this.happened.splice(0);
  }

  #task(partition: number, copy: string | null) {
    this.happened.push(`task ${partition} from ${copy ?? "nothing"}`);
    const ended = Promise.withResolvers<void>();
    this.#ends.set(partition, ended.reject);
    return { run: () => ended.promise, stop: () => ended.resolve() };
  }

  #follow(partition: number, warmed: () => void) {
    this.happened.push(`follow ${partition}`);
    let isWarm = false;
    this.warm.set(partition, () => {
      isWarm = true;
      warmed();
    });
    return {
      get isWarm() {
        return isWarm;
      },
      take: async () => `copy ${partition}`,
      stop: async () => void this.happened.push(`leave ${partition}`),
    };
  }
}

async function member(): Promise<{ one: Member; runner: RoleRunner<string> }> {
  const one = new Member();
  const runner = await one.start();
  assert.deepEqual(one.news(), ['joined with ["changelog",1]']);
  return { one, runner };
}

describe("a role with standbys", () => {
  it("starts a task from the copy it has followed, and one it has not from nothing", async () => {
    const { one, runner } = await member();
    await runner.assigned([0], [1, 2]);
    assert.deepEqual(one.news(), ["task 0 from nothing", "follow 1", "follow 2"]);
    await runner.assigned([0, 1], [2]);
    assert.deepEqual(one.news(), ["task 1 from copy 1"]);
    await runner.stop();
  });

  it("follows no longer what it is not to follow, and follows what it has lost only when told", async () => {
    const { one, runner } = await member();
    await runner.assigned([0], [1, 2]);
    one.news();
    await runner.assigned([], [0, 2]);
    assert.deepEqual(one.news(), ["leave 1", "follow 0"]);
    await runner.stop();
    assert.deepEqual(one.news(), ["leave 2", "leave 0"]);
  });

  it("trusts a copy once: a task that is built anew starts from nothing", async () => {
    const { one, runner } = await member();
    await runner.assigned([], [1]);
    await runner.assigned([1], []);
    assert.deepEqual(one.news(), ["follow 1", "task 1 from copy 1"]);
    one.fail(1);
    while (!one.happened.includes("task 1 from nothing")) await nextTurn();
    assert.deepEqual(
      one.news().filter((what) => what.startsWith("task")),
      ["task 1 from nothing"],
    );
    await runner.stop();
  });

  it("says which copies are warm, and asks for a new sharing when one has become so", async () => {
    const { one, runner } = await member();
    await runner.assigned([0], [1, 2]);
    one.news();
    one.warm.get(2)?.();
    assert.deepEqual(one.news(), ["refresh"]);
    assert.deepEqual(runner.copies(), [
      { partition: 1, isWarm: false },
      { partition: 2, isWarm: true },
    ]);
    one.warm.get(1)?.();
    assert.deepEqual(one.news(), ["t.evaluator: has warm copies of all it follows: 1, 2", "refresh"]);
    await runner.assigned([0, 1], [2]);
    assert.deepEqual(one.news(), ["task 1 from copy 1", "t.evaluator: has warm copies of all it follows: 2"]);
    await runner.assigned([0, 1], [2]);
    assert.deepEqual(one.news(), []);
    await runner.stop();
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Running } from "../../src/runtime/keeper.ts";
import { LogError } from "../../src/runtime/ports.ts";
import { RoleRunner } from "../../src/runtime/role.ts";

/** A role of three tasks over a log that may be away. */
class Role {
  readonly reported: string[] = [];
  isAway = false;
  /** Whether the log leaves questions of tasks without an answer, rather than refuse them. */
  isHanging = false;
  readonly #ended = new Set<() => void>();

  async start(): Promise<RoleRunner> {
    const runner = await RoleRunner.start({
      group: "t.evaluator",
      topics: ["events"],
      log: {
        join: async () => ({ leave: async () => {}, refresh: () => {} }),
        end: async () => {
          await nextTurn();
          if (this.isAway) throw new LogError("still away", { retriable: true });
          return 0;
        },
      },
      ticker: { now: () => 0, sleep: async () => nextTurn(), breathe: async () => nextTurn() },
      buildTask: () => this.#task(),
      report: (problem) => this.reported.push(problem),
    });
    await runner.assigned([0, 1, 2]);
    return runner;
  }

  /** Whatever the tasks do now fails. */
  cut(): void {
    this.isAway = true;
    for (const end of this.#ended) end();
  }

  #task(): Running {
    const ended = Promise.withResolvers<void>();
    const cut = () => ended.reject(new LogError("the broker is away", { retriable: true }));
    if (this.isAway && !this.isHanging) cut();
    else this.#ended.add(cut);
    return { run: () => ended.promise, stop: () => ended.resolve() };
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn();
}

const waiting = "t.evaluator: 3 tasks wait for the log: the broker is away";
const working = "t.evaluator: all tasks work again";

describe("a role whose log is away", () => {
  it("says so once for all its tasks, and once when they work again", async () => {
    const role = new Role();
    const runner = await role.start();
    role.cut();
    await turns(300);
    assert.deepEqual(role.reported, [waiting]);

    role.isAway = false;
    while (role.reported.length < 2) await nextTurn();
    await turns(300);
    assert.deepEqual(role.reported, [waiting, working]);
    await runner.stop();
  });

  it("does not take a task for working that waits for an answer", async () => {
    const role = new Role();
    const runner = await role.start();
    role.cut();
    role.isHanging = true;
    await turns(300);
    assert.deepEqual(role.reported, [waiting]);
    role.isAway = false;
    while (role.reported.length < 2) await nextTurn();
    assert.deepEqual(role.reported, [waiting, working]);
    await runner.stop();
  });

  it("is silent about what is no longer its own, and when it is stopped", async () => {
    const role = new Role();
    const runner = await role.start();
    role.cut();
    await runner.stop();
    await turns(100);
    assert.deepEqual(role.reported, []);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Keeper, type Running } from "../../src/runtime/keeper.ts";
import { Poison } from "../../src/runtime/poison.ts";
import { LogError, type Ticker } from "../../src/runtime/ports.ts";

/** Builds tasks that end as they are told, one after the other; the last works until it is stopped. */
class Workshop {
  readonly reported: string[] = [];
  readonly failures: Error[] = [];
  readonly pauses: number[] = [];
  poison: readonly Poison[] = [];
  readonly #endings: readonly Error[];
  built = 0;

  constructor(...endings: readonly Error[]) {
    this.#endings = endings;
  }

  keep(): Keeper {
    const ticker: Ticker = {
      now: () => 0,
      sleep: async (ms) => {
        this.pauses.push(ms);
        await nextTurn();
      },
      breathe: async () => {
        await nextTurn();
      },
    };
    return new Keeper({
      name: "task",
      build: (poison) => {
        this.poison = [...poison];
        return this.#build();
      },
      ticker,
      report: (problem) => this.reported.push(problem),
      failed: (error) => this.failures.push(error),
    });
  }

  #build(): Running {
    const ending = this.#endings[this.built++];
    const stopped = Promise.withResolvers<void>();
    return {
      run: () => (ending === undefined ? stopped.promise : Promise.reject(ending)),
      stop: () => {
        stopped.resolve();
      },
    };
  }
}

const fenced = new LogError("fenced", { retriable: true });

describe("a keeper", () => {
  it("builds a task anew, with longer and longer pauses, until it works", async () => {
    const workshop = new Workshop(fenced, fenced, fenced);
    const keeper = workshop.keep();
    while (workshop.built < 4) await nextTurn();
    await keeper.stop();
    assert.deepEqual(workshop.pauses, [100, 200, 400]);
    assert.deepEqual(
      workshop.reported,
      Array.from({ length: 3 }, () => "task: fenced; starting over"),
    );
    assert.deepEqual(workshop.failures, []);
  });

  it("gives up, and says why, where the log says that building anew cannot help", async () => {
    const hopeless = new LogError("data was deleted", { retriable: false });
    const workshop = new Workshop(hopeless);
    await workshop.keep().ended;
    assert.deepEqual(workshop.failures, [hopeless]);
    assert.equal(workshop.built, 1);
  });

  it("waits longer where somebody else has taken over", async () => {
    const workshop = new Workshop(new LogError("fenced", { retriable: true, isFenced: true }));
    const keeper = workshop.keep();
    while (workshop.built < 2) await nextTurn();
    await keeper.stop();
    assert.deepEqual(workshop.pauses, [2000]);
  });

  it("tells the next what the one before died of", async () => {
    const poison = new Poison({ topic: "events", offset: 7 }, new TypeError("a bug"));
    const workshop = new Workshop(poison);
    const keeper = workshop.keep();
    while (workshop.built < 2) await nextTurn();
    await keeper.stop();
    assert.deepEqual(workshop.poison, [poison]);
  });

  it("ends with its task when it is stopped", async () => {
    const workshop = new Workshop();
    const keeper = workshop.keep();
    await keeper.stop();
    assert.deepEqual([workshop.built, workshop.reported, workshop.failures], [1, [], []]);
  });
});

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
  readonly waits: string[] = [];
  worked = 0;
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
      waits: ({ message }) => this.waits.push(message),
      works: async () => {
        this.worked += 1;
      },
      random: () => 1,
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

const refused = new LogError("refused", { retriable: true });
const fenced = new LogError("fenced", { retriable: true, isFenced: true });

describe("a keeper", () => {
  it("builds a task anew, with longer and longer pauses, until it works", async () => {
    const workshop = new Workshop(refused, refused, refused);
    const keeper = workshop.keep();
    while (workshop.worked < 1) await nextTurn();
    await keeper.stop();
    // Between them stand the naps of whoever looks whether the task works.
    assert.deepEqual(
      workshop.pauses.filter((ms) => ms !== 500),
      [100, 200, 400],
    );
    assert.deepEqual(workshop.waits, ["refused", "refused", "refused"]);
    assert.deepEqual([workshop.reported, workshop.failures], [[], []]);
  });

  it("pauses for five seconds at most, in naps that do not hold up whoever stops it", async () => {
    const workshop = new Workshop(...Array.from({ length: 9 }, () => new Error("a bug")));
    const keeper = workshop.keep();
    while (workshop.built < 10) await nextTurn();
    await keeper.stop();
    assert.ok(workshop.pauses.every((ms) => ms <= 500));
    const sum = workshop.pauses.reduce((before, ms) => before + ms, 0);
    assert.equal(sum, 100 + 200 + 400 + 800 + 1_600 + 3_200 + 3 * 5_000);
  });

  it("gives up, and says why, where the log says that building anew cannot help", async () => {
    const hopeless = new LogError("data was deleted", { retriable: false });
    const workshop = new Workshop(hopeless);
    await workshop.keep().ended;
    assert.deepEqual(workshop.failures, [hopeless]);
    assert.equal(workshop.built, 1);
  });

  it("waits longer where somebody else has taken over", async () => {
    const workshop = new Workshop(fenced, fenced);
    const keeper = workshop.keep();
    while (workshop.built < 3) await nextTurn();
    await keeper.stop();
    assert.deepEqual(workshop.pauses.slice(0, 8), [500, 500, 500, 500, 500, 500, 500, 500]);
    // Once is ordinary.
    assert.deepEqual(workshop.waits, ["fenced"]);
  });

  it("tells the next what the one before died of", async () => {
    const poison = new Poison({ topic: "events", offset: 7 }, new TypeError("a bug"));
    const workshop = new Workshop(poison);
    const keeper = workshop.keep();
    while (workshop.built < 2) await nextTurn();
    await keeper.stop();
    assert.deepEqual(workshop.poison, [poison]);
    assert.match(workshop.reported[0] ?? "", /^task: taking events at offset 7 failed .*; starting over$/);
  });

  it("ends with its task when it is stopped", async () => {
    const workshop = new Workshop();
    const keeper = workshop.keep();
    await keeper.stop();
    assert.deepEqual([workshop.built, workshop.reported, workshop.failures], [1, [], []]);
  });
});

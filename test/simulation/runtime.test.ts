/**
 * The runtime in worlds where processes die, sleep, are shut out and come back, and the log's answers get lost: what the
 * triggers decide is what the core alone decides. Other seeds every time; `npm run simulate -- --seed S --seeds 1` runs one again.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simulate } from "./world/simulation.ts";

const SEEDS = 200;
const FIRST = Number(process.env["SIMULATION_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describe(`the runtime in worlds that chance decides, from seed ${FIRST} on`, () => {
  it("fires, schedules and hands on what it must, once each, whatever goes wrong", async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { faults } = await simulate(seed);
      assert.deepEqual(
        faults,
        [],
        `seed ${seed}: npm run simulate -- --seed ${seed} --seeds 1 --trace\n${faults.join("\n")}`,
      );
    }
  });

  it("goes the same way again with the same seed", async () => {
    for (let seed = FIRST; seed < FIRST + 5; seed++) {
      const [first, again] = [await traceOf(seed), await traceOf(seed)];
      assert.ok(first.length > 100);
      assert.deepEqual(again, first, `seed ${seed}`);
    }
  });
});

async function traceOf(seed: number): Promise<readonly string[]> {
  const lines: string[] = [];
  await simulate(seed, (line) => lines.push(line));
  return lines;
}

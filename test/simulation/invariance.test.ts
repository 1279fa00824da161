/** The outcome does not depend on the number of partitions or processes, nor on the ways things took (kafka-notes.md, P-6). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compare, SETTINGS } from "./world/invariance.ts";

const SEEDS = 3;
const FIRST = Number(process.env["SIMULATION_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describe(`the same input, from seed ${FIRST} on`, () => {
  it("gives the same firings on 1, 4 and 12 partitions, with 1 and 3 evaluators, and in a replay", async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      // One partition has work for one evaluator only.
      const { faults } = await compare(seed, SETTINGS.slice(1));
      assert.deepEqual(faults, [], `npm run simulate -- --invariance --seed ${seed} --seeds 1`);
    }
  });
});

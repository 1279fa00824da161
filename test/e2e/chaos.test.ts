/** A short run of `npm run chaos`, on the broker that the tests share; with a broker of its own it runs by hand, for longer. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chaos } from "../chaos/chaos.ts";
import { profiles } from "../chaos/plan.ts";

/** Plans with zombies, deaths and rebalances; and with evaluators that are all away for longer than any window. */
const SEEDS = { all: 4, outage: 7 } as const;

describe("processes that are killed, stand still, come and go under load", () => {
  for (const profile of profiles) {
    it(`lose nothing and double nothing (${profile})`, async (t) => {
      const said: string[] = [];
      const { verdict, kept } = await chaos({
        seed: SEEDS[profile],
        forMs: 15_000,
        profile,
        perSecond: 100,
        partitions: 4,
        brokers: process.env["KAFKA_BROKERS"] ?? null,
        say: (line) => {
          said.push(line);
          t.diagnostic(line);
        },
      });
      assert.deepEqual(verdict.differences, [], `${said.join("\n")}\nkept in ${String(kept)}`);
      // Every kind of trigger was put to the test.
      for (const [what, { expected }] of Object.entries(verdict.counts)) assert.ok(expected > 0, what);
    });
  }
});

/** A short run of `npm run chaos`, on the broker that the tests share; with a broker of its own it runs by hand, for longer. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chaos } from "../chaos/chaos.ts";

/** Plans with zombies, deaths and rebalances; and with evaluators that are all away for longer than any window. */
const PLANS = [
  { profile: "all", seed: 4 },
  { profile: "outage", seed: 7 },
] as const;

describe("processes that are killed, stand still, come and go under load", () => {
  for (const plan of PLANS) {
    it(`lose nothing and double nothing (${plan.profile})`, async (t) => {
      const said: string[] = [];
      const { verdict, kept } = await chaos({
        ...plan,
        forMs: 15_000,
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

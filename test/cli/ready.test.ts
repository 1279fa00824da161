/** Whether a process is ready: the log is asked, not believed. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { probe } from "../../src/cli/gateway-ports.ts";

describe("the log's sign of life", () => {
  const ground = (written: () => Promise<number>, sleep: () => Promise<void>) => ({
    log: { written },
    wire: { nameOf: (topic: string) => `tripline.${topic}` },
    ticker: { sleep },
  });
  const never = new Promise<never>(() => {});
  const cases = [
    ["an answer", async () => 7, () => never, "ready"],
    ["a refusal", () => Promise.reject(new Error("away")), () => never, "the log does not answer"],
    ["silence", () => never, async () => {}, "the log does not answer"],
  ] as const;
  for (const [what, written, sleep, status] of cases) {
    it(`after ${what}: ${status}`, async () => {
      assert.equal(await probe(ground(written, sleep))(), status);
    });
  }

  it("is asked for once at a time, however many want to know", async () => {
    let asked = 0;
    const health = probe(
      ground(
        async () => (asked += 1),
        () => never,
      ),
    );
    await Promise.all([health(), health(), health()]);
    assert.equal(asked, 1);
    await health();
    assert.equal(asked, 2);
  });
});

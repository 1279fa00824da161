import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Instant, instant, minutes, plus } from "../../../src/core/model/time.ts";
import { SeenIdsMemory } from "../../../src/runtime/chain/seen-ids.ts";

const start = instant(1_000_000_000_000);
const after = (count: number): Instant => plus(start, minutes(count));

describe("the memory of seen ids", () => {
  it("knows an id for less than 30 minutes", () => {
    const seen = new SeenIdsMemory();
    seen.add("a", start);
    assert.equal(seen.has("a", after(29.9)), true);
    assert.equal(seen.has("a", after(30)), false);
  });

  it("is bounded: it forgets the oldest first, counts that, and says how far back it reaches", () => {
    const seen = new SeenIdsMemory(2);
    for (const [i, id] of ["a", "b", "c"].entries()) seen.add(id, after(i));
    assert.deepEqual(
      ["a", "b", "c"].map((id) => seen.has(id, after(3))),
      [false, true, true],
    );
    assert.equal(seen.evictedEarly, 1);
    assert.equal(seen.reachesBackTo, start);
  });

  it("forgets what is old without counting it", () => {
    const seen = new SeenIdsMemory(2);
    seen.add("a", start);
    seen.add("b", after(31));
    seen.add("c", after(32));
    assert.equal(seen.evictedEarly, 0);
    assert.equal(seen.has("b", after(33)), true);
  });
});

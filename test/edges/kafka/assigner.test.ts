import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Claim, share } from "../../../src/edges/kafka/membership/assigner.ts";

const told = (shares: ReadonlyMap<string, readonly number[]>): string =>
  [...shares].map(([id, numbers]) => `${id}: ${[...numbers].sort((a, b) => a - b).join(" ")}`).join(", ");

const claim = (id: string, owned: readonly number[], generation = 1): Claim => ({ id, owned, generation });

describe("sharing partition numbers", () => {
  it("gives one member all, and two a half each", () => {
    assert.equal(told(share(4, [claim("a", [])])), "a: 0 1 2 3");
    assert.equal(told(share(4, [claim("a", []), claim("b", [])])), "a: 0 1, b: 2 3");
  });

  it("takes from a member only what a new one is due", () => {
    assert.equal(told(share(4, [claim("a", [0, 1, 2, 3]), claim("b", [])])), "a: 0 1, b: 2 3");
    assert.equal(
      told(share(5, [claim("a", [0, 1, 4]), claim("b", [2, 3]), claim("c", [])])),
      "a: 0 1, b: 2 3, c: 4",
    );
  });

  it("moves nothing that need not move when a member has gone", () => {
    assert.equal(told(share(6, [claim("a", [0, 5]), claim("c", [1, 2])])), "a: 0 3 5, c: 1 2 4");
  });

  it("believes the later of two claims", () => {
    assert.equal(told(share(2, [claim("a", [0], 3), claim("b", [0, 1], 4)])), "a: 1, b: 0");
  });
});

const claims = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }).chain((ids) =>
  fc.tuple(
    ...ids.map((id) =>
      fc.record({
        id: fc.constant(id),
        owned: fc.uniqueArray(fc.integer({ min: -2, max: 40 })),
        generation: fc.nat(3),
      }),
    ),
  ),
);
const count = fc.nat(32);

describe("sharing, whatever members claim", () => {
  it("gives every number to exactly one", () => {
    fc.assert(
      fc.property(count, claims, (numbers, members) => {
        const given = [...share(numbers, members).values()].flat().sort((a, b) => a - b);
        assert.deepEqual(
          given,
          Array.from({ length: numbers }, (_, i) => i),
        );
      }),
    );
  });

  it("gives shares that differ by one at most", () => {
    fc.assert(
      fc.property(count, claims, (numbers, members) => {
        const sizes = [...share(numbers, members).values()].map((mine) => mine.length);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      }),
    );
  });

  it("does not depend on the order in which members are named", () => {
    fc.assert(
      fc.property(count, claims, (numbers, members) => {
        const reversed = share(numbers, [...members].reverse());
        assert.deepEqual(new Map(share(numbers, members)), new Map(reversed));
      }),
    );
  });

  it("changes nothing when asked again", () => {
    fc.assert(
      fc.property(count, claims, (numbers, members) => {
        const once = share(numbers, members);
        const again = share(
          numbers,
          [...once].map(([id, owned]) => claim(id, owned)),
        );
        const sorted = (shares: ReadonlyMap<string, readonly number[]>) =>
          [...shares].map(([id, mine]) => [id, [...mine].sort((a, b) => a - b)]);
        assert.deepEqual(sorted(again), sorted(once));
      }),
    );
  });

  it("leaves a member what it holds, up to the share that all are due", () => {
    fc.assert(
      fc.property(count, claims, fc.string(), (numbers, members, newcomer) => {
        const before = share(numbers, members);
        const after = share(numbers, [
          ...[...before].map(([id, owned]) => claim(id, owned)),
          ...(before.has(newcomer) ? [] : [claim(newcomer, [])]),
        ]);
        for (const [id, had] of before) {
          const kept = (after.get(id) ?? []).filter((number) => had.includes(number));
          assert.ok(kept.length >= Math.min(had.length, Math.floor(numbers / after.size)));
        }
      }),
    );
  });
});

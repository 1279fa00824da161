import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Claim, type Share, share } from "../../../src/edges/kafka/membership/sharing.ts";

type Shares = ReadonlyMap<string, Share>;

const told = (shares: Shares): string =>
  [...shares].map(([id, { owned }]) => `${id}: ${owned.join(" ")}`).join(", ");

const toldCopies = (shares: Shares): string =>
  [...shares].map(([id, { copies }]) => `${id}: ${copies.join(" ")}`).join(", ");

const claim = (id: string, owned: readonly number[], more: Partial<Claim> = {}): Claim => ({
  id,
  owned,
  generation: 1,
  copies: more.warm ?? [],
  warm: [],
  ...more,
});

/** What members say the next time, all copies warm by then. */
const claimsAfter = (shares: Shares): Claim[] =>
  Array.from(shares, ([id, { owned, copies }]) => claim(id, owned, { warm: copies }));

describe("sharing partition numbers", () => {
  it("gives one member all, and two a half each", () => {
    assert.equal(told(share(4, [claim("a", [])])), "a: 0 1 2 3");
    assert.equal(told(share(4, [claim("a", []), claim("b", [])])), "a: 0 2, b: 1 3");
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
    assert.equal(
      told(share(2, [claim("a", [0], { generation: 3 }), claim("b", [0, 1], { generation: 4 })])),
      "a: 1, b: 0",
    );
    assert.equal(
      told(share(2, [claim("a", [0, 1], { generation: 4 }), claim("b", [0], { generation: 3 })])),
      "a: 0, b: 1",
    );
  });
});

const A_TO_B = [claim("a", [0, 1, 2, 3, 4, 5]), claim("b", [])];

describe("sharing copies", () => {
  it("puts one of each number with another member, and none where there is no other", () => {
    const [a, b] = [claim("a", [0, 1]), claim("b", [2, 3])];
    assert.equal(toldCopies(share(4, [a, b], 1)), "a: 2 3, b: 0 1");
    assert.equal(toldCopies(share(4, [a, b], 5)), "a: 2 3, b: 0 1");
    assert.equal(toldCopies(share(4, [a], 1)), "a: ");
  });

  it("gives the numbers of a member that has gone to those with warm copies of them", () => {
    const left = [
      claim("b", [2, 3], { warm: [4] }),
      claim("c", [5], { copies: [4, 0], warm: [0] }),
      claim("d", [1]),
    ];
    assert.equal(told(share(6, left, 1)), "b: 2 3, c: 0 5, d: 1 4");
    assert.equal(told(share(7, left, 1)), "b: 2 3 4, c: 0 5, d: 1 6");
  });

  it("leaves a number with its owner until who is to have it has a warm copy", () => {
    const first = share(6, A_TO_B, 1);
    assert.equal(told(first), "a: 0 1 2 3 4 5, b: ");
    assert.deepEqual(first.get("b")?.copies, [0, 1, 2, 3, 4, 5]);
    assert.equal(told(share(6, claimsAfter(first), 1)), "a: 0 1 2, b: 3 4 5");
  });

  it("gives up first what the one who is due has a warm copy of", () => {
    const members = [claim("a", [0, 1, 2, 3]), claim("b", [], { warm: [0, 1] })];
    assert.equal(told(share(4, members, 1)), "a: 2 3, b: 0 1");
  });

  it("leaves copies where they are, warm ones before others, also when a member has gone", () => {
    const members = [
      claim("a", [0, 1], { copies: [2, 3], warm: [2] }),
      claim("b", [2, 3], { warm: [0] }),
      claim("c", [4, 5], { warm: [1, 3] }),
    ];
    assert.equal(toldCopies(share(6, members, 1)), "a: 2 4, b: 0 5, c: 1 3");
    assert.equal(toldCopies(share(4, members.slice(0, 2), 1)), "a: 2 3, b: 0 1");
  });

  it("gives a number away at once where nobody keeps copies, or where its owner has gone", () => {
    assert.equal(told(share(6, A_TO_B)), "a: 0 1 2, b: 3 4 5");
    assert.equal(told(share(4, [claim("a", [0, 1]), claim("b", [])], 1)), "a: 0 1, b: 2 3");
  });
});

const claims = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }).chain((ids) =>
  fc.tuple(
    ...ids.map((id) =>
      fc.record({
        id: fc.constant(id),
        owned: fc.uniqueArray(fc.integer({ min: -2, max: 40 })),
        generation: fc.nat(3),
        copies: fc.uniqueArray(fc.integer({ min: -2, max: 40 })),
        warm: fc.uniqueArray(fc.integer({ min: -2, max: 40 })),
      }),
    ),
  ),
);
const count = fc.nat(32);
const standbys = fc.nat(3);
const numbersTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

describe("sharing, whatever members claim", () => {
  it("gives every number to exactly one", () => {
    fc.assert(
      fc.property(count, standbys, claims, (numbers, copies, members) => {
        const shares = share(numbers, members, copies);
        const given = [...shares.values()].flatMap(({ owned }) => owned).sort((a, b) => a - b);
        assert.deepEqual(given, numbersTo(numbers));
      }),
    );
  });

  it("gives copies to others than the owner, so many as are asked for where there are so many others", () => {
    fc.assert(
      fc.property(count, standbys, claims, (numbers, copies, members) => {
        const shares = share(numbers, members, copies);
        for (const { owned, copies: mine } of shares.values()) {
          assert.deepEqual(
            mine.filter((number) => owned.includes(number) || number < 0 || number >= numbers),
            [],
          );
        }
        for (const number of numbersTo(numbers)) {
          const keepers = [...shares.values()].filter((mine) => mine.copies.includes(number)).length;
          const asked = Math.min(copies, members.length - 1);
          // One more is to have the number as soon as its copy is warm.
          assert.ok(keepers === asked || (copies > 0 && keepers === asked + 1), `${keepers} of ${asked}`);
        }
      }),
    );
  });

  it("moves nothing from a living member to one without a warm copy, where copies are kept", () => {
    fc.assert(
      fc.property(count, claims, (numbers, members) => {
        const before = share(numbers, members, 1);
        const next = claimsAfter(before).map((one, i) => ({ ...one, warm: one.warm.slice(i % 3) }));
        for (const [id, { owned }] of share(numbers, [...next, claim("newcomer", [])], 1)) {
          const mine = next.find((one) => one.id === id);
          const known = [...(mine?.owned ?? []), ...(mine?.warm ?? [])];
          assert.deepEqual(
            owned.filter((number) => !known.includes(number)),
            [],
          );
        }
      }),
    );
  });

  it("gives shares that differ by one at most, once all copies are warm", () => {
    fc.assert(
      fc.property(count, standbys, claims, (numbers, copies, members) => {
        let shares = share(numbers, members, copies);
        for (let round = 0; round < 3; round++) shares = share(numbers, claimsAfter(shares), copies);
        const owned = Array.from(shares.values(), (mine) => mine.owned.length);
        assert.ok(Math.max(...owned) - Math.min(...owned) <= 1, `owned: ${owned.join(" ")}`);
        const kept = Array.from(shares.values(), (mine) => mine.copies.length);
        assert.ok(Math.max(...kept) - Math.min(...kept) <= 2, `copies: ${kept.join(" ")}`);
      }),
      { numRuns: 1000 },
    );
  });

  it("does not depend on the order in which members are named", () => {
    fc.assert(
      fc.property(count, standbys, claims, (numbers, copies, members) => {
        const reversed = share(numbers, [...members].reverse(), copies);
        assert.deepEqual(share(numbers, members, copies), reversed);
      }),
    );
  });

  it("changes nothing when asked again", () => {
    fc.assert(
      fc.property(count, standbys, claims, (numbers, copies, members) => {
        let shares = share(numbers, members, copies);
        for (let round = 0; round < 3; round++) shares = share(numbers, claimsAfter(shares), copies);
        assert.deepEqual(share(numbers, claimsAfter(shares), copies), shares);
      }),
    );
  });

  it("leaves a member what it holds, up to the share that all are due", () => {
    fc.assert(
      fc.property(count, standbys, claims, fc.string(), (numbers, copies, members, newcomer) => {
        const before = share(numbers, members);
        const others = claimsAfter(before);
        const after = share(
          numbers,
          before.has(newcomer) ? others : [...others, claim(newcomer, [])],
          copies,
        );
        for (const { id, owned } of others) {
          const kept = (after.get(id)?.owned ?? []).filter((number) => owned.includes(number));
          assert.ok(kept.length >= Math.min(owned.length, Math.floor(numbers / after.size)));
        }
      }),
    );
  });
});

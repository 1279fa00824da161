import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { UuidRing } from "../../../src/runtime/chain/uuid-ring.ts";

const NONE = Number.NEGATIVE_INFINITY;

/** What the ring is to do, told with a list: the oldest first. */
class Model {
  #held: (readonly [id: string, time: number])[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }
  timeOf(id: string): number {
    return this.#held.find(([held]) => held === id)?.[1] ?? NONE;
  }
  get oldest(): number {
    return this.#held[0]?.[1] ?? Number.POSITIVE_INFINITY;
  }
  put(id: string, time: number): number | null {
    const others = this.#held.filter(([held]) => held !== id);
    const evicted = others.length === this.#capacity ? (others.shift()?.[1] ?? null) : null;
    this.#held = [...others, [id, time]];
    return evicted;
  }
  dropOldest(): void {
    this.#held.shift();
  }
}

/** Ids that share all words but one, and some that are no UUIDs at all. */
const ids = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((n) => `c0ffee00-0000-4000-8000-${String(n).padStart(12, "0")}`),
  fc.integer({ min: 0, max: 9 }).map((n) => `${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`),
  fc.constantFrom("", "some", "C0FFEE00-0000-4000-8000-000000000001", "é0ffee00-0000-4000-8000-000000000001"),
);

describe("a ring of UUIDs", () => {
  it("holds the newest of what was put, whatever comes", () => {
    const moves = fc.array(fc.record({ id: ids, isDrop: fc.boolean() }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), moves, (capacity, told) => {
        const ring = new UuidRing(capacity);
        const model = new Model(capacity);
        for (const [time, { id, isDrop }] of told.entries()) {
          if (isDrop && model.oldest < time) {
            assert.equal(ring.oldest, model.oldest);
            ring.dropOldest();
            model.dropOldest();
          }
          assert.equal(ring.put(id, time), model.put(id, time));
          assert.equal(ring.oldest, model.oldest);
          for (const one of told) assert.equal(ring.timeOf(one.id), model.timeOf(one.id));
        }
      }),
    );
  });

  it("grows up to its bound, and keeps what it holds", () => {
    const ring = new UuidRing(20_000);
    const id = (n: number): string => `${n.toString(16).padStart(8, "0")}-aaaa-4aaa-8aaa-aaaaaaaaaaaa`;
    for (let n = 0; n < 30_000; n++) ring.put(id(n), n);
    assert.equal(ring.oldest, 10_000);
    for (let n = 0; n < 30_000; n++) assert.equal(ring.timeOf(id(n)), n < 10_000 ? NONE : n);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Instant, instant } from "../../../src/core/model/time.ts";
import { type Change, type Entry, Store } from "../../../src/runtime/chain/store.ts";

const entry = (wakeAt: number | null, gathers = false): Entry => ({
  state: "some",
  wakeAt: wakeAt === null ? null : instant(wakeAt),
  gathers,
});

function changesOf(store: Store): readonly Change[] {
  const changes: Change[] = [];
  store.takeChanges(changes);
  return changes;
}

/** Takes every wake-up up to a time, as the chain does: each key forgets its wish when it is woken. */
function wakeAll(store: Store, gathers: boolean): string[] {
  const woken: string[] = [];
  for (let due: Instant | null = store.nextDue(gathers); due !== null; due = store.nextDue(gathers)) {
    for (const key of store.takeDue(due, gathers).toSorted()) {
      woken.push(`${due} ${key}`);
      store.set(key, entry(null, gathers));
    }
  }
  return woken;
}

describe("a store", () => {
  it("wakes each key once, at the last time it asked for, in order of time", () => {
    const store = new Store("buckets");
    store.set("a", entry(30));
    store.set("b", entry(20));
    store.set("a", entry(10));
    store.set("b", entry(40));
    assert.deepEqual(wakeAll(store, false), ["10 a", "40 b"]);
  });

  it("wakes nobody who was forgotten or wishes it no more", () => {
    const store = new Store("buckets");
    store.set("a", entry(10));
    store.set("b", entry(10));
    store.set("a", null);
    store.set("b", entry(null));
    assert.equal(store.nextDue(false), null);
  });

  it("keeps the wishes of keys that follow the watermark apart", () => {
    const store = new Store("buckets");
    store.set("own", entry(10));
    store.set("gathered", entry(5, true));
    assert.equal(store.nextDue(false), 10);
    assert.deepEqual(wakeAll(store, true), ["5 gathered"]);
  });

  it("holds no more timers than keys need, however many have come and gone", () => {
    const store = new Store("buckets");
    for (let i = 0; i < 100_000; i++) {
      store.set(`gone ${i}`, entry(1_000_000 + i));
      store.set(`gone ${i}`, null);
    }
    store.set("a", entry(10));
    assert(store.timerCount < 3000, `${store.timerCount} timers for one key`);
    assert.deepEqual(wakeAll(store, false), ["10 a"]);
  });

  it("loses no wake-up when many keys have gone, and others have moved theirs", () => {
    for (const last of ["a", "b"]) {
      const store = new Store("buckets");
      for (let i = 0; i < 3000; i++) store.set(`gone ${i}`, entry(1_000_000 + i));
      for (const key of ["a", "moved", "b"]) store.set(key, entry(100));
      for (let i = 0; i < 3000; i++) store.set(`gone ${i}`, null);
      store.set("moved", entry(300));
      store.set(last, entry(100));
      assert.deepEqual(wakeAll(store, false), ["100 a", "100 b", "300 moved"]);
    }
  });

  it("tells each change once, with what is kept now", () => {
    const store = new Store("buckets");
    store.set("a", entry(1));
    store.set("a", entry(2));
    store.restore("b", entry(3));
    store.set("b", null);
    store.restore("c", entry(4));
    assert.deepEqual(changesOf(store), [
      { store: "buckets", key: "a", entry: entry(2) },
      { store: "buckets", key: "b", entry: null },
    ]);
    assert.deepEqual(changesOf(store), []);
    store.set("a", null);
    assert.deepEqual(changesOf(store), [{ store: "buckets", key: "a", entry: null }]);
  });

  it("asks for a restored state when it is asked itself, and once", () => {
    const store = new Store("buckets");
    let asked = 0;
    const packed = {
      get state() {
        asked += 1;
        return "some";
      },
      wakeAt: null,
      gathers: false,
    };
    store.restore("a", packed);
    store.restore("b", packed);
    store.set("b", null);
    assert.equal(asked, 0);
    assert.deepEqual([store.get("a")?.state, store.get("a")?.state], ["some", "some"]);
    assert.equal(asked, 1);
  });

  it("tells nothing of what came and went since the last change was told", () => {
    const store = new Store("buckets");
    store.set("a", entry(1));
    store.set("a", null);
    assert.deepEqual(changesOf(store), []);
  });

  it("wakes exactly the keys that have a wish, whatever was asked before", () => {
    const move = fc.record({
      key: fc.constantFrom("a", "b", "c"),
      wakeAt: fc.option(fc.integer({ min: 0, max: 9 })),
      isForgotten: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(move), (moves) => {
        const store = new Store("buckets");
        const wishes = new Map<string, number>();
        for (const { key, wakeAt, isForgotten } of moves) {
          store.set(key, isForgotten ? null : entry(wakeAt));
          wishes.delete(key);
          if (!isForgotten && wakeAt !== null) wishes.set(key, wakeAt);
        }
        const expected = [...wishes].map(([key, at]) => `${at} ${key}`).toSorted();
        assert.deepEqual(wakeAll(store, false), expected);
      }),
    );
  });
});

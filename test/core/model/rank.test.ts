import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Firing } from "../../../src/core/model/firing.ts";
import {
  arrivalRank,
  firedRank,
  followerRank,
  momentOf,
  releaseRank,
  sortable,
  timerRank,
} from "../../../src/core/model/rank.ts";
import { event } from "./samples.ts";

const sorted = (texts: readonly string[]): readonly string[] => texts.toSorted();

describe("a rank", () => {
  it("sorts as text the way its number sorts, whatever the number", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
        assert.equal(sortable(a) < sortable(b), a < b);
      }),
    );
  });

  it("puts a follower and its own followers between its leader and the next event", () => {
    const leader = arrivalRank(event("leader", 5));
    const follower = followerRank(leader, event("follower", 9));
    const grandchild = followerRank(follower, event("grandchild", 1));
    const sibling = followerRank(leader, event("sibling", 10));
    const next = arrivalRank(event("next", 6));
    assert.deepEqual(sorted([next, sibling, grandchild, follower, leader]), [
      leader,
      follower,
      grandchild,
      sibling,
      next,
    ]);
  });

  it("puts what a leader made fire before what its follower made fire", () => {
    const leader = arrivalRank(event("leader", 5));
    const follower = followerRank(leader, event("follower", 9));
    assert.ok(firedRank(leader, 99) < firedRank(follower, 1));
  });

  it("puts timers first, then followers that waited longest, then what arrives", () => {
    const released = firedRank(releaseRank(event("late", 99)), 0);
    const arrived = firedRank(arrivalRank(event("early", 1)), 0);
    assert.deepEqual(sorted([arrived, released, timerRank(500)]), [timerRank(500), released, arrived]);
  });

  it("tells which firings belong to one moment", () => {
    const rank = arrivalRank(event("e", 5));
    const moment = (cause: Firing["cause"], text: string) => momentOf({ cause, rank: text });
    assert.equal(moment("event", firedRank(rank, 1)), moment("event", firedRank(rank, 2)));
    assert.notEqual(moment("event", firedRank(rank, 1)), moment("event", firedRank(`${rank}/f`, 1)));
    assert.equal(moment("timer", timerRank(1)), moment("timer", timerRank(2)));
  });
});

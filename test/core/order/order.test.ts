import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Event } from "../../../src/core/model/event.ts";
import { rankOf } from "../../../src/core/model/rank.ts";
import type { Taken } from "../../../src/core/model/taken.ts";
import { duration } from "../../../src/core/model/time.ts";
import { type OrderInput, order, orderHolding, type Waiting } from "../../../src/core/order/order.ts";
import { OneStage } from "../model/one-stage.ts";
import { at, event, ofKind, secondOf, tableFor } from "../model/samples.ts";

const HOLD = 900;

/** `b<a@5`: event b follows a and comes at 5 s; `@5` lets time pass. Answers `b@5`: taken at 5 s. */
class Told {
  readonly stage: OneStage<Waiting, OrderInput>;
  taken: readonly Taken[] = [];

  constructor(stage = order) {
    this.stage = new OneStage("order", stage, tableFor());
  }

  tell(timeline: string): string {
    for (const told of timeline.split(" ")) {
      const [, id = "", leader = "", second = "0"] = /^(\w*)(?:<(\w+))?@([\d.]+)$/.exec(told) ?? [];
      if (id === "") this.stage.pass(at(Number(second)));
      else this.arrive(event(id, Number(second), { follows: leader === "" ? null : leader }));
    }
    this.taken = this.stage.take().map(({ value }) => ofKind<Taken>("taken", value));
    return this.taken.map(({ event: { id }, takenAt }) => `${id}@${secondOf(takenAt)}`).join(" ");
  }

  arrive(arrived: Event): void {
    this.stage.give(arrived.id, { kind: "event", event: arrived }, arrived.received);
  }
}

const story = (timeline: string): string => new Told().tell(timeline);

describe("an event", () => {
  it("is taken as it comes, and once only", () => {
    assert.equal(story("a@0 b@1 a@2"), "a@0 b@1");
  });

  it("is never taken if it is a log write", () => {
    const told = new Told();
    told.arrive(event("log", 0, { event: "prefect.log.write" }));
    assert.equal(told.tell("b<log@1"), "");
  });
});

describe("a follower", () => {
  it("waits for its leader and is taken at once after it", () => {
    assert.equal(story("b<a@0 c@1 a@5 d@6"), "c@1 a@5 b@5 d@6");
  });

  it("does not wait for a leader that was taken, nor for itself", () => {
    assert.equal(story("a@0 b<a@1 c<c@2"), "a@0 b@1 c@2");
  });

  it("goes before later followers of the same leader, each with its own followers, by occurrence", () => {
    assert.equal(story("d<b@1 c<a@3 b<a@2 a@5"), "a@5 b@5 d@5 c@5");
  });

  it("is dropped when it comes again while it waits", () => {
    const told = new Told();
    assert.equal(told.tell("b<a@0 b<a@1 a@2 b@3"), "a@2 b@2");
    assert.equal(told.taken[1]?.event.received, at(0));
  });

  it("is released when it has waited for 15 minutes, and leaves nothing behind", () => {
    const told = new Told();
    assert.equal(told.tell(`c<b@0 b<a@1 @${HOLD - 0.5}`), "");
    assert.equal(told.tell(`@${HOLD}`), `c@${HOLD}`);
    assert.equal(told.tell(`@${HOLD + 1}`), `b@${HOLD + 1}`);
    assert.equal(told.stage.states.size, 0);
  });

  it("takes its own followers with it when its time is over", () => {
    assert.equal(story(`b<a@0 c<b@1 @${HOLD}`), `b@${HOLD} c@${HOLD}`);
  });

  it("is released with others of its instant by occurrence, then id", () => {
    const told = new Told();
    for (const [id, occurred] of [
      ["z", 1],
      ["y", 2],
      ["x", 2],
    ] as const) {
      told.arrive(event(id, occurred, { follows: `leader-of-${id}`, received: at(5) }));
    }
    assert.equal(told.tell(`@${HOLD + 5}`), ["z", "x", "y"].map((id) => `${id}@${HOLD + 5}`).join(" "));
  });

  it("in a circle is freed by its time", () => {
    assert.equal(story(`a<b@0 b<a@1 @${2 * HOLD}`), `a@${HOLD} b@${HOLD}`);
  });

  it("does not wait when it is 15 minutes old, nor when it may not", () => {
    const old = new Told();
    const late = event("b", 0, { follows: "a" });
    old.stage.give("b", { kind: "event", event: late }, at(HOLD));
    assert.equal(old.tell("c@901"), "b@900 c@901");
    assert.equal(new Told(orderHolding(duration(0))).tell("b<a@0"), "b@0");
  });

  it("does not wait where the memory of ids may have lost its leader", () => {
    const told = new Told();
    told.stage.reachesBackTo = at(0);
    assert.equal(told.tell("b<a@299 c<a@301"), "b@299");
  });

  it("waits for its own time beyond a depth of 20", () => {
    const chain = Array.from({ length: 25 }, (_, i) => `e${i + 1}<e${i}@${i}`);
    const told = new Told();
    told.tell(chain.toReversed().join(" ").replaceAll(/@\d+/g, "@0"));
    told.tell("e0@1");
    assert.equal(told.taken.length, 21);
    assert.equal(told.tell(`@${HOLD}`).split(" ").length, 5);
  });

  it("sorts right after its leader", () => {
    const told = new Told();
    told.tell("b<a@0 a@5 c@5");
    const ranks = told.taken.map(rankOf);
    assert.deepEqual(ranks.toSorted(), ranks);
  });
});

describe("the order of taking, whatever comes", () => {
  it("takes every event once, no later than its time, and followers after leaders that came in time", () => {
    const arrival = fc.record({
      id: fc.integer({ min: 0, max: 9 }),
      follows: fc.option(fc.integer({ min: 0, max: 9 })),
    });
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 15 }), (arrivals) => {
        const told = new Told();
        arrivals.forEach(({ id, follows }, i) => {
          told.arrive(event(`e${id}`, i, { follows: follows === null ? null : `e${follows}` }));
        });
        told.tell("@5000");
        const ids = told.taken.map(({ event: { id } }) => id);
        assert.deepEqual(ids.toSorted(), [...new Set(arrivals.map(({ id }) => `e${id}`))].toSorted());
        for (const { event: one, takenAt } of told.taken) assert.ok(takenAt - one.received <= HOLD * 1e6);
        assert.equal(told.stage.states.size, 0);
      }),
    );
  });
});

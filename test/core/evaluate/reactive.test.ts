import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { eventTrigger, secondOf, within } from "../model/samples.ts";
import { Story, story, told } from "./story.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

describe("a reactive trigger that asks for one event", () => {
  it("fires for every one, however late, and keeps nothing (R1)", () => {
    const told1 = new Story(eventTrigger());
    assert.equal(told(told1.tell("x@0 x@1 x@2 x@-3600>3")), "0 by x@0, 1 by x@1, 2 by x@2, 3 by x@-3600>3");
    assert.equal(told1.stage.states.size, 0);
  });

  it("counts a threshold below one as one (R7)", () => {
    assert.equal(story(eventTrigger({ threshold: 0 }), "x@0"), "0 by x@0");
  });

  it("with a window fires at its first event, then rests until it is over (R4, R5)", () => {
    const debounced = eventTrigger({ within: within(60) });
    assert.equal(story(debounced, "x@0 x@10 x@59 x@60 x@119.9 x@120"), "0 by x@0, 60 by x@60, 120 by x@120");
    assert.equal(story(debounced, "x@0 x@500"), "0 by x@0, 500 by x@500");
  });
});

describe("a reactive trigger that wants 3 within 10 s", () => {
  const trigger = eventTrigger({ threshold: 3, within: within(10) });

  it("fires at the third, and starts the next window where this one ends (R2)", () => {
    const timeline = "x@0 x@1 x@2 x@3 x@9 x@11 x@12 x@13 x@14 x@30 x@31 x@32";
    assert.equal(story(trigger, timeline), "2 by x@2, 13 by x@13, 32 by x@32");
  });

  it("has windows that tumble and do not slide (R3)", () => {
    assert.equal(story(trigger, "x@0 x@8 x@11 x@12 x@13"), "13 by x@13");
  });

  it("opens a first window 15 minutes wide to the past, and later ones not", () => {
    assert.equal(story(trigger, "x@1000 x@100>1001 x@101>1002"), "1002 by x@101>1002");
    assert.equal(
      story(trigger, "x@1000 x@1000.5 x@1001 x@1000>1003 x@1000>1004 x@1000>1005"),
      "1001 by x@1001",
    );
  });

  it("names the events that paid, oldest first, and its window", () => {
    const [firing] = new Story(trigger).tell("x@0 x@8 x@11 x@12 x@13");
    assert.deepEqual(firing?.paidBy, ["x@11", "x@12", "x@13"]);
    assert.deepEqual(
      [firing?.windowStart, firing?.windowEnd].map((time) => secondOf(time!)),
      [11, 21],
    );
    assert.equal(firing?.state, "Triggered");
    assert.deepEqual(firing?.causes, ["of-t1"]);
  });

  it("goes by event time: nobody can reach into the future (S1)", () => {
    assert.equal(story(trigger, "x@100000>0 x@1 x@2 x@11 x@12 x@13"), "2 by x@2, 13 by x@13");
  });

  it("forgets a window 60 s after its end (S2)", () => {
    const kept = new Story(trigger);
    kept.tell("x@0 @69.9");
    assert.equal(kept.stage.states.size, 1);
    kept.tell("@70");
    assert.equal(kept.stage.states.size, 0);
  });
});

describe("a reactive trigger that counts without a window", () => {
  const trigger = eventTrigger({ threshold: 3 });

  it("counts until there are enough, however long it takes (R6, S4)", () => {
    assert.equal(story(trigger, "x@0 x@50 x@55"), "55 by x@55");
    assert.equal(story(trigger, `x@0 x@${HOUR} x@${2 * DAY} x@${3 * DAY}`), `${2 * DAY} by x@${2 * DAY}`);
  });

  it("forgets what nobody added to for 7 days (S2)", () => {
    assert.equal(story(trigger, `x@0 x@${6 * DAY} x@${12 * DAY}`), `${12 * DAY} by x@${12 * DAY}`);
    assert.equal(story(trigger, `x@0 x@1 x@${7 * DAY + 1}`), "");
  });
});

describe("a reactive trigger with a start", () => {
  const trigger = eventTrigger({ after: ["a"], within: within(60) });

  it("fires only once it was started, and once for each start (A1)", () => {
    assert.equal(story(trigger, "x@-5 a@0 x@30 x@40 a@50 x@55"), "30 by x@30, 55 by x@55");
  });

  it("is not extended by a second start (A2)", () => {
    assert.equal(story(trigger, "a@0 a@30 x@70 x@71 a@80 x@81"), "81 by x@81");
  });

  it("never loses a new start to a window that is over (A3, S3)", () => {
    assert.equal(story(trigger, "a@0 a@70 x@75"), "75 by x@75");
  });

  it("without a window waits as long as it takes (A4, S4)", () => {
    const endless = eventTrigger({ after: ["a"] });
    assert.equal(story(endless, "a@0 x@30"), "30 by x@30");
    assert.equal(story(endless, `a@0 x@${DAY}`), `${DAY} by x@${DAY}`);
  });

  it("that is itself expected fires on every second event (A5)", () => {
    const both = eventTrigger({ after: ["x"], within: within(5) });
    assert.equal(story(both, "x@1 x@2 x@3 x@4 x@61 x@62"), "2 by x@2, 4 by x@4, 62 by x@62");
    assert.deepEqual(new Story(both).tell("x@1 x@2")[0]?.paidBy, ["x@2"]);
  });

  it("takes any event where nothing is expected by name (A7)", () => {
    assert.equal(
      story(eventTrigger({ after: ["a"], expect: [], within: within(60) }), "a@0 z@1"),
      "1 by z@1",
    );
  });
});

describe("any reactive trigger, whatever comes", () => {
  const seen = fc.record({ second: fc.nat(300), lateBy: fc.nat(40), name: fc.constantFrom("x", "x", "a") });
  const timeline = fc
    .array(seen, { maxLength: 40 })
    .map((some) => some.toSorted((a, b) => a.second - b.second))
    .map((some) => some.map(({ name, second, lateBy }) => `${name}@${second - lateBy}>${second}`));
  const trigger = fc
    .record({ threshold: fc.integer({ min: -1, max: 5 }), span: fc.nat(60), starts: fc.boolean() })
    .map(({ threshold, span, starts }) =>
      eventTrigger({ threshold, within: within(span), after: starts ? ["a"] : [] }),
    );

  it("pays for every firing with as many sightings as its threshold, none of them twice", () => {
    fc.assert(
      fc.property(trigger, timeline, (one, told1) => {
        const unique = told1.filter((each, i) => told1.indexOf(each) === i);
        const firings = new Story(one).tell(unique.join(" "));
        for (const { paidBy } of firings) assert.equal(paidBy.length, Math.max(one.threshold, 1));
        const payers = firings.flatMap(({ paidBy }) => paidBy);
        assert.equal(new Set(payers).size, payers.length);
      }),
    );
  });

  it("fires at most once in a window, and its ids never repeat", () => {
    fc.assert(
      fc.property(trigger, timeline, (one, told1) => {
        const unique = told1.filter((each, i) => told1.indexOf(each) === i);
        const firings = new Story(one).tell(unique.join(" "));
        assert.equal(new Set(firings.map(({ id }) => id)).size, firings.length);
        const ends = firings.map(({ windowEnd }) => windowEnd).filter((end) => end !== null);
        if (one.after.length === 0) assert.equal(new Set(ends).size, ends.length);
      }),
    );
  });
});

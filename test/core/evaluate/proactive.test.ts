import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { evaluate, evaluateGranting } from "../../../src/core/evaluate/evaluate.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import { bucketKey } from "../../../src/core/model/match.ts";
import { at, event, eventTrigger, ofKind, secondOf, tableFor, within, worldAt } from "../model/samples.ts";
import { Story, story, told } from "./story.ts";

const DAY = 86_400;

describe("a proactive trigger that stands by itself, 30 s wide", () => {
  const trigger = eventTrigger({ posture: "Proactive", within: within(30) });

  it("fires at the end of every silent window, at its own time, however late it is run (P1, S9)", () => {
    assert.equal(story(trigger, "@95"), "30 by nothing, 60 by nothing, 90 by nothing");
  });

  it("has windows that tile without gaps (P2, S5)", () => {
    assert.equal(story(trigger, "x@10 x@30 x@50 @95"), "90 by nothing");
  });

  it("never loses its bucket to retention", () => {
    const watching = new Story(eventTrigger({ posture: "Proactive", within: within(DAY) }));
    assert.equal(watching.tell(`@${10 * DAY}`).length, 10);
    assert.equal(watching.stage.states.size, 1);
  });

  it("never fires for a threshold of 0 (P13)", () => {
    assert.equal(story({ ...trigger, threshold: 0 }, "@95"), "");
  });

  it("is opened again by nobody who finds it open", () => {
    const watching = new Story(trigger);
    watching.tell("@20");
    watching.stage.load(trigger.id, at(20));
    assert.equal(told(watching.tell("@31")), "30 by nothing");
  });
});

describe("a proactive trigger for each resource, 30 s wide", () => {
  const trigger = eventTrigger({ posture: "Proactive", within: within(30), forEach: ["id"] });

  it("fires when a resource that was heard falls silent (P5, S7)", () => {
    assert.equal(story(trigger, "@100 x@102 @133"), "");
    assert.equal(story(trigger, "x@2 @62"), "62 by nothing");
  });

  it("gives a sender that reports late as much later (S1)", () => {
    assert.equal(story(trigger, "x@0>1200 @1229"), "");
    assert.equal(story(trigger, "x@0>1200 @1300"), "1260 by nothing, 1290 by nothing");
  });

  it("judges at once what an on-time event shows to be over", () => {
    const watching = new Story(trigger);
    const firings = watching.tell("x@0>1200 x@1210");
    assert.equal(firings.length, 39);
    assert.ok(firings.every(({ cause, triggered }) => cause === "event" && secondOf(triggered) === 1210));
    assert.equal(secondOf(firings.at(-1)!.windowEnd!), 1200);
  });

  it("forgets a resource 7 days after its last event", () => {
    const watching = new Story(eventTrigger({ posture: "Proactive", within: within(DAY), forEach: ["id"] }));
    assert.equal(
      told(watching.tell(`x@0 @${20 * DAY}`)),
      [2, 3, 4, 5, 6].map((n) => `${n * DAY} by nothing`).join(", "),
    );
    assert.equal(watching.stage.states.size, 0);
  });

  it("gives everyone the grace that is set", () => {
    const graced = new Story(trigger, evaluateGranting(within(5)));
    assert.equal(told(graced.tell("x@2 @64.9")), "");
    assert.equal(told(graced.tell("@67")), "67 by nothing");
  });

  it("tells for whom it fired", () => {
    const watching = new Story(trigger);
    watching.tell("x@2", ["r1"]);
    watching.tell("x@3", ["r2"]);
    const firings = watching.tell("x@31 x@50", ["r2"]).concat(watching.tell("@64"));
    assert.deepEqual(
      firings.map(({ labels }) => labels),
      [{ id: "r1" }],
    );
    assert.deepEqual(firings[0]?.key, ["r1"]);
  });
});

describe("a proactive trigger with a start, 30 s wide", () => {
  const trigger = eventTrigger({ posture: "Proactive", after: ["a"], within: within(30) });

  it("watches nothing before its start (P3, S6)", () => {
    assert.equal(story(trigger, "@100 a@110 @141"), "140 by a@110");
  });

  it("is satisfied by an event in time, and then closed (P4, S8, P11)", () => {
    assert.equal(story(trigger, "a@12 x@20 @100"), "");
    assert.equal(story(trigger, "a@0 x@5 a@10 @41"), "40 by a@10");
  });

  it("keeps its end when it is started again, and names the last event (P12)", () => {
    assert.equal(story(trigger, "a@0 a@20 @31"), "30 by a@20");
  });

  it("is judged by its timer before an event that comes too late (P9, S12)", () => {
    assert.equal(story(trigger, "a@0 x@31 @60"), "30 by a@0");
  });

  it("is judged when its sender is heard to be on time again, and not before that", () => {
    assert.equal(story(trigger, "a@0>600 x@601 @629"), "601 by a@0>600");
  });

  it("retracts nothing (P10)", () => {
    assert.equal(story(trigger, "a@0 @30 x@20>40 @60"), "30 by a@0");
  });

  it("is judged by a new start that shows its end, and started by it", () => {
    assert.equal(story(trigger, "a@0>600 a@601 @632"), "601 by a@0>600, 631 by a@601");
  });
});

describe("a heartbeat, 90 s wide", () => {
  const trigger = eventTrigger({
    posture: "Proactive",
    after: ["beat"],
    expect: ["beat", "done"],
    within: within(90),
    forEach: ["id"],
  });

  it("starts again at every beat (P7)", () => {
    assert.equal(story(trigger, "beat@0 beat@30 @400"), "120 by beat@30");
    assert.equal(story(trigger, "beat@0 beat@30 beat@60 @400"), "150 by beat@60");
  });

  it("ends with what it waited for (P8)", () => {
    assert.equal(story(trigger, "beat@0 beat@30 beat@60 done@100 @400"), "");
  });

  it("counts towards a threshold from its start on, without the start", () => {
    assert.equal(story({ ...trigger, threshold: 2 }, "beat@0 done@10 @100"), "90 by done@10");
    assert.equal(story({ ...trigger, threshold: 2 }, "beat@0 done@10 done@20 @100"), "");
    assert.deepEqual(new Story({ ...trigger, threshold: 2 }).tell("beat@0 done@10 @100")[0]?.paidBy, [
      "done@10",
    ]);
  });
});

describe("a bucket", () => {
  it("goes with its trigger (S13)", () => {
    const trigger = eventTrigger({ posture: "Proactive", within: within(30) });
    const watching = new Story(trigger);
    watching.stage.automations = tableFor();
    assert.equal(told(watching.tell("@31")), "");
    assert.equal(watching.stage.states.size, 0);
  });

  it("runs the timers due by then before it takes an event, even if an event of that instant made them due", () => {
    const trigger = eventTrigger({ posture: "Proactive", after: ["a"], within: within(30) });
    const watching = new Story(trigger);
    // The late x tells that its sender is on time again: what is over is due now, not 600 s later.
    assert.equal(told(watching.tell("a@0>600 x@601")), "");
    const key = bucketKey(trigger.id, []);
    const follower = event("f", 601, { event: "a" });
    const input = {
      kind: "match" as const,
      triggerId: trigger.id,
      revision: 7,
      key: [],
      starts: true,
      expected: false,
      event: follower,
      takenAt: at(601),
      rank: "r",
    };
    const state = watching.stage.states.get(key) ?? null;
    const outcome = evaluate.process({ key, state, input }, worldAt(at(601), tableFor(trigger)));
    assert.deepEqual(
      outcome.emit
        .map(({ value }) => ofKind<Firing>("firing", value))
        .map(({ cause, event: last }) => [cause, last?.id]),
      [["timer", "a@0>600"]],
    );
    assert.equal(outcome.state?.last?.id, "f");
  });
});

describe("a proactive trigger, whatever comes", () => {
  const second = fc.integer({ min: 0, max: 400 });

  it("never fires for a key whose expectation was met in time", () => {
    const trigger = eventTrigger({ posture: "Proactive", within: within(30), forEach: ["id"] });
    fc.assert(
      fc.property(fc.array(second, { maxLength: 30 }), (seconds) => {
        const sightings = [...new Set(seconds)].toSorted((a, b) => a - b);
        const firings = new Story(trigger).tell(`${sightings.map((one) => `x@${one}`).join(" ")} @500`);
        const isMet = (start: number, end: number) => sightings.some((one) => start <= one && one < end);
        for (const { windowStart, windowEnd } of firings) {
          assert.ok(!isMet(secondOf(windowStart!), secondOf(windowEnd!)));
        }
      }),
    );
  });

  it("judges every window of a key once, without gaps", () => {
    const trigger = eventTrigger({ posture: "Proactive", within: within(30) });
    fc.assert(
      fc.property(fc.array(second, { maxLength: 30 }), (seconds) => {
        const sightings = [...new Set(seconds)].toSorted((a, b) => a - b);
        const firings = new Story(trigger).tell(`${sightings.map((one) => `x@${one}`).join(" ")} @450`);
        const silent = Array.from({ length: 15 }, (_, i) => i * 30).filter(
          (start) => !sightings.some((one) => start <= one && one < start + 30),
        );
        assert.deepEqual(
          firings.map(({ windowStart }) => secondOf(windowStart!)),
          silent,
        );
      }),
    );
  });
});

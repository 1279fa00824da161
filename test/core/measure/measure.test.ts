import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { measure } from "../../../src/core/measure/measure.ts";
import { deriveId } from "../../../src/core/model/id.ts";
import { compound, tableFor, within, worldAt } from "../model/samples.ts";
import { metricTrigger, Story, stateEvent, story, time, told } from "./story.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** A run that takes so long, at this time. */
const ran = (run: string, from: number, to: number): string =>
  `${run}:Running@${from} ${run}:Completed@${to}`;

describe("a metric of durations over 60 s, within 300 s, for 300 s", () => {
  const trigger = metricTrigger();
  const slow = `${ran("a", 0, 100)} ${ran("b", 200, 300)}`;

  it("fires once the average has been over the line for so long, at the evaluation's own time", () => {
    assert.equal(story(trigger, `${slow} @1000`), "420 Triggered 100");
  });

  it("resolves once it has been back for so long", () => {
    const quick = `${ran("c", 430, 440)} ${ran("d", 700, 710)}`;
    assert.equal(story(trigger, `${slow} ${quick} @2000`), "420 Triggered 100, 750 Resolved 10");
  });

  it("starts anew when a single evaluation shows the opposite", () => {
    const long = "k:Running@0 l:Running@0";
    const dip = "e:Running@305 f:Running@305 e:Completed@305 f:Completed@305";
    // 50 at 330 because of the dip: back under the line at that evaluation alone.
    const rest = "k:Completed@335 l:Completed@500";
    assert.equal(story(trigger, `${long} ${slow} ${rest} @800`), "420 Triggered 217.5");
    assert.equal(story(trigger, `${long} ${slow} ${dip} ${rest} @800`), "660 Triggered 500");
  });

  it("stays as it is while nothing is in range, and needs no waking", () => {
    const quiet = new Story(trigger);
    assert.equal(told(quiet.tell(`${ran("a", 0, 100)} @5000`)), "");
    // Over the line since 120, with nothing to say otherwise in between.
    assert.equal(told(quiet.tell(`${ran("b", 5000, 5100)} @9000`)), "5130 Triggered 100");
    const [[key, gauge] = assert.fail("no gauge")] = quiet.stage.states;
    assert.ok(gauge.kind === "gauge" && gauge.samples.length === 0);
    const input = { kind: "wake" as const, at: time(9000) };
    const outcome = measure.process({ key, state: gauge, input }, worldAt(time(9000), tableFor(trigger)));
    assert.deepEqual([outcome.wakeAt, outcome.emit], [null, []]);
  });

  it("leaves out a run whose start it has not seen, and one that has ended already", () => {
    assert.equal(story(trigger, "a:Completed@100 a:Failed@200 b:Crashed@250 @2000"), "");
  });

  it("counts from the latest entry into running, by the type of the state and not its name", () => {
    const retried = "a:Running@0 a:Scheduled@50 a:Retrying@60 a:Completed@100";
    assert.equal(
      story(metricTrigger({ threshold: 39, firingFor: within(0) }), `${retried} @400`),
      "120 Triggered 40",
    );
  });

  it("knows a run's start however much longer than the range it takes, up to 7 days", () => {
    const atOnce = metricTrigger({ firingFor: within(0) });
    const long = 2 * HOUR;
    assert.equal(story(atOnce, `${ran("a", 0, long)} @${DAY}`), `${long + 30} Triggered ${long}`);
    assert.equal(
      story(atOnce, `${ran("a", 0, 6 * DAY)} @${8 * DAY}`),
      `${6 * DAY + 30} Triggered ${6 * DAY}`,
    );
    assert.equal(story(atOnce, `${ran("a", 0, 7 * DAY + HOUR)} @${8 * DAY}`), "");
  });

  it("puts a state that is told late where it belongs", () => {
    const atOnce = metricTrigger({ firingFor: within(0), threshold: 5 });
    assert.equal(story(atOnce, "a:Completed@100 a:Running@20>110 @400"), "120 Triggered 80");
    assert.equal(story(atOnce, "a:Running@20 a:Completed@100 a:Retrying@80>110 @400"), "120 Triggered 20");
  });

  it("fires as metrics do: without an event, labels or a window", () => {
    const [firing] = new Story(trigger).tell(`${slow} @420`);
    const { event, labels, key, paidBy, children, windowEnd, cause, causes, at } = firing!;
    assert.deepEqual(
      { event, labels, key, paidBy, children, windowEnd, cause, causes, at },
      {
        event: null,
        labels: {},
        key: [],
        paidBy: [],
        children: [],
        windowEnd: null,
        cause: "timer",
        causes: ["of-m1"],
        at: time(420),
      },
    );
  });

  it("has an id of its own for each trigger, instant and state, the same on every replay", () => {
    const quick = `${ran("c", 430, 440)} ${ran("d", 700, 710)}`;
    const again = `${ran("e", 1000, 1100)} ${ran("f", 1200, 1300)}`;
    const firings = new Story(trigger).tell(`${slow} ${quick} ${again} @2000`);
    assert.equal(told(firings), "420 Triggered 100, 750 Resolved 10, 1410 Triggered 100");
    assert.deepEqual(
      firings.map(({ id }) => id),
      firings.map(({ state, triggered }) => deriveId("firing", "m1", triggered, state)),
    );
  });

  it("goes to its composite as a child when it triggers; that it is well again no composite is told", () => {
    const child = new Story(compound([trigger]));
    const quick = `${ran("c", 430, 440)} ${ran("d", 700, 710)}`;
    const again = `${ran("e", 1000, 1100)} ${ran("f", 1200, 1300)}`;
    assert.equal(
      told(child.tell(`${slow} ${quick} ${again} @2000`)),
      "420 Triggered 100, 1410 Triggered 100",
    );
  });
});

describe("a metric of lateness", () => {
  const trigger = metricTrigger({ name: "lateness" });

  it("measures from Late, by that name, to running or crashed", () => {
    const atOnce = metricTrigger({ name: "lateness", threshold: 5, firingFor: within(0) });
    // Late from 1 to 9 and from 2 to 22, before the first evaluation.
    const two = "a:Late@1 b:Late@2 a:Pending@8 a:Running@9 b:Crashed@22";
    assert.equal(story(atOnce, `${two} @30`), "30 Triggered 14");
    assert.equal(story(atOnce, "a:Scheduled@1 a:Running@20 @300"), "");
  });

  it("counts a run that is still late by how long it has been", () => {
    assert.equal(story(trigger, "a:Late@0 @1000"), "390 Triggered 390");
    assert.equal(story(trigger, "a:Late@0 a:Running@360 @400"), "390 Triggered 360");
  });

  it("forgets a late run that is cancelled, and one that hangs for 7 days", () => {
    assert.equal(story(trigger, "a:Late@0 a:Cancelled@200 @1000"), "");
    const hanging = new Story(trigger);
    assert.equal(hanging.tell(`a:Late@0 @${6 * DAY}`).length, 1);
    const before = [...hanging.stage.states.values()];
    assert.ok(before.some((one) => one.kind === "gauge" && one.open.length === 1));
    hanging.tell(`@${7 * DAY + HOUR}`);
    const left = [...hanging.stage.states.values()];
    assert.ok(left.every((one) => one.kind === "gauge" && one.open.length === 0));
  });

  it("takes a run that is told to be late again for late all the while", () => {
    assert.equal(story(trigger, "a:Late@0 a:Late@300 @400"), "390 Triggered 390");
  });
});

describe("a metric of successes under 90 %", () => {
  const trigger = metricTrigger({ name: "successes", operator: "<", threshold: 0.9 });
  const started = (run: string, from: number, end: string, to: number): string =>
    `${run}:Pending@${from} ${run}:${end}@${to}`;

  it("is the part of the runs started in range whose latest state is no failure", () => {
    const some = `${started("a", 10, "Completed", 20)} ${started("b", 20, "Failed", 25)} ${started("c", 21, "Crashed", 26)} d:Pending@28`;
    assert.equal(
      story({ ...trigger, metric: { ...trigger.metric, firingFor: within(0) } }, `${some} @30`),
      "30 Triggered 0.5",
    );
  });

  it("counts a retry that ends well as a success", () => {
    const atOnce = metricTrigger({ name: "successes", operator: "<", threshold: 0.9, firingFor: within(0) });
    assert.equal(
      story(atOnce, "a:Pending@1 a:Failed@20 a:Pending@35 @50 a:Completed@55 @80"),
      "30 Triggered 0, 60 Resolved 1",
    );
  });

  it("leaves out runs that were not started in range, however they end", () => {
    assert.equal(story(trigger, "a:Failed@10 b:Pending@20 b:Failed@400 @1000"), "");
  });

  it("is resolved by runs that go well", () => {
    const bad = `${started("a", 10, "Failed", 20)} ${started("b", 250, "Failed", 260)}`;
    const good = `${started("c", 560, "Completed", 570)} ${started("d", 800, "Completed", 810)}`;
    assert.equal(story(trigger, `${bad} ${good} @2000`), "330 Triggered 0, 870 Resolved 1");
  });
});

describe("a metric trigger, while nothing is under way", () => {
  it("keeps nothing and wants no waking", () => {
    const idle = new Story(metricTrigger());
    idle.tell(`${ran("a", 0, 10)} x:Scheduled@20 @${DAY}`);
    assert.equal(idle.stage.states.size, 0);
  });

  it("drops what it knew when its automation is disabled or deleted (S13)", () => {
    const dropped = new Story(metricTrigger());
    dropped.tell("a:Running@0 b:Running@1 b:Completed@2");
    assert.equal(dropped.stage.states.size, 3);
    dropped.stage.automations = tableFor();
    dropped.tell("@1000");
    assert.equal([...dropped.stage.states.values()].filter((one) => one.kind === "gauge").length, 0);
  });
});

describe("what a metric keeps", () => {
  it("does not grow with the number of runs that have ended", () => {
    const busy = new Story(metricTrigger({ range: within(3 * DAY) }));
    let timeline = "";
    for (let i = 0; i < 3000; i++) timeline += `${ran(`r${i}`, i * 60, i * 60 + 10)} `;
    busy.tell(timeline);
    const kept = [...busy.stage.states.values()];
    const runs = kept.filter((one) => one.kind === "run");
    const gauge = kept.find((one) => one.kind === "gauge");
    assert.ok(runs.length <= 16, `${runs.length} runs`);
    assert.ok(gauge!.samples.length <= 1002, `${gauge!.samples.length} portions`);
    assert.equal(
      gauge!.samples.reduce((sum, { count }) => sum + count, 0),
      3000,
    );
  });

  it("does not grow with a run that flaps", () => {
    const flapping = new Story(metricTrigger({ name: "successes", operator: "<" }));
    let timeline = "";
    for (let i = 0; i < 500; i++) timeline += `a:Pending@${i / 2} a:Failed@${i / 2} `;
    flapping.tell(timeline);
    const run = [...flapping.stage.states.values()].find((one) => one.kind === "run");
    assert.equal(run!.recent.length, 100);
    const gauge = [...flapping.stage.states.values()].find((one) => one.kind === "gauge");
    assert.deepEqual(
      gauge!.samples.map(({ count, sum }) => [count, sum]),
      [[1, 0]],
    );
  });
});

describe("an event without a state", () => {
  it("is nothing to a metric", () => {
    const silent = new Story(metricTrigger());
    const beat = stateEvent("a", "Running", { occurred: time(1), received: time(1) });
    silent.take({ ...beat, resource: { "prefect.resource.id": "prefect.flow-run.a" } });
    assert.equal(silent.stage.states.size, 0);
  });
});

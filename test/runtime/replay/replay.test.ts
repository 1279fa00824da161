/** A replay: the evaluator's own steps on one chain, by the times of the timeline. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatInstant } from "../../../src/core/model/time.ts";
import { REPLAYED } from "../../../src/runtime/replay/replay.ts";
import { topology } from "../../support/evaluators.ts";
import { automation, course, eventsOf } from "./told.ts";

describe("a replay", () => {
  it("has the evaluator's steps as the topology joins them", () => {
    const steps = topology.roles["evaluator"]?.steps ?? [];
    assert.deepEqual(
      REPLAYED,
      steps.map(({ name, store, via }) => ({ name, store, via })),
    );
  });

  const pair = automation("pair", { expect: ["a"], threshold: 2, within: 60 });
  const silence = automation("silence", { posture: "Proactive", after: ["a"], expect: ["b"], within: 30 });

  it("fires by the times of its events, and lets absence show when time has passed", () => {
    const { fired } = course(
      [pair, silence],
      eventsOf([
        [0, "a"],
        [10, "a"],
      ]),
      { until: 300 },
    );
    assert.deepEqual(
      fired.map(({ automation: { name }, firing }) => `${name} ${formatInstant(firing.triggered).slice(11)}`),
      ["pair 10:00:10Z", "silence 10:00:30Z"],
    );
  });

  it("says what is still open when it ends", () => {
    const { replay } = course(
      [pair, silence],
      eventsOf([
        [0, "a"],
        [10, "a"],
      ]),
    );
    assert.deepEqual(replay.open, { windows: 2, composites: 0, isHolding: false });
  });

  it("hands what fired back as events, as it comes back live", () => {
    const watcher = automation("watcher", { expect: ["prefect.automation.triggered"] });
    const { fired } = course(
      [pair, watcher],
      eventsOf([
        [0, "a"],
        [10, "a"],
      ]),
    );
    assert.deepEqual(
      fired.map((one) => one.automation.name),
      ["pair", "watcher"],
    );
    assert.equal(fired[1]?.firing.event?.id, fired[0]?.change.id);
  });

  it("hands back what a timer fired at the time of the timer, however far time has gone on", () => {
    const watcher = automation("watcher", { expect: ["prefect.automation.triggered"] });
    const { fired } = course([silence, watcher], eventsOf([[0, "a"]]), { until: 300 });
    assert.deepEqual(
      fired.map(({ firing }) => formatInstant(firing.triggered)),
      ["2026-11-20T10:00:30Z", "2026-11-20T10:00:30Z"],
    );
  });

  it("gives the same answer to the same timeline", () => {
    const told = eventsOf([
      [0, "a"],
      [10, "a"],
      [70, "a"],
      [71, "b"],
    ]);
    const ids = () => course([pair, silence], told, { until: 300 }).fired.map(({ firing }) => firing.id);
    assert.deepEqual(ids(), ids());
  });
});

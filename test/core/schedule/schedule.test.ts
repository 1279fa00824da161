import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DueRun, RunCommand, RunEvent } from "../../../src/core/model/run-command.ts";
import { seconds } from "../../../src/core/model/time.ts";
import { schedule } from "../../../src/core/schedule/schedule.ts";
import { OneStage } from "../model/one-stage.ts";
import { at, ofKind, tableFor } from "../model/samples.ts";

const command = (runId: string, after: number): RunCommand => ({
  kind: "schedule",
  runId,
  automationId: "a",
  automationName: "restart",
  triggerId: "t",
  firingId: "f",
  actionIndex: 0,
  deploymentId: "d",
  deploymentName: null,
  parameters: { host: "h" },
  jobVariables: null,
  triggered: at(0),
  scheduleAfter: seconds(after),
  target: "topic",
  eventId: null,
  eventName: null,
  resourceId: null,
  causes: [],
});

const agenda = () => new OneStage("schedule", schedule, tableFor());
const add = (stage: ReturnType<typeof agenda>, what: RunCommand, second: number): void =>
  stage.give(what.runId, { kind: "command", command: what, written: at(second) }, at(second));

const dueRun = (value: unknown): DueRun => ofKind<DueRun>("schedule", value);

describe("a run command", () => {
  it("leaves when its delay is over, counted from when it was written", () => {
    const stage = agenda();
    add(stage, command("r1", 60), 5);
    stage.pass(at(64.999));
    assert.deepEqual(stage.take(), []);
    stage.pass(at(65));
    const [run, told] = stage.take();
    assert.deepEqual([run?.to, run?.key, dueRun(run?.value).due], ["due-runs", "d", at(65)]);
    assert.deepEqual(dueRun(run?.value).parameters, { host: "h" });
    const { kind, occurred, runId } = ofKind<RunEvent>("due", told?.value);
    assert.deepEqual([told?.to, told?.key, kind, occurred, runId], ["run-events", "r1", "due", at(65), "r1"]);
    assert.equal(stage.states.size, 0);
  });

  it("written anew takes the place of the one before", () => {
    const stage = agenda();
    add(stage, command("r1", 60), 0);
    add(stage, command("r1", 600), 10);
    stage.pass(at(609));
    assert.deepEqual(stage.take(), []);
    stage.pass(at(610));
    assert.equal(stage.take().length, 2);
  });

  it("leaves in the order in which it is due", () => {
    const stage = agenda();
    add(stage, command("late", 60), 0);
    add(stage, command("soon", 10), 1);
    stage.pass(at(100));
    const keys = stage.take().flatMap(({ to, value }) => (to === "due-runs" ? [dueRun(value).runId] : []));
    assert.deepEqual(keys, ["soon", "late"]);
  });
});

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { stages } from "../../src/core/core.ts";
import type { Rejection } from "../../src/core/model/rejection.ts";
import type { DueRun, RunCommand, RunEvent } from "../../src/core/model/run-command.ts";
import { fromMillis, seconds, toMillis } from "../../src/core/model/time.ts";
import { AgendaTask } from "../../src/runtime/agenda-task.ts";
import { LogError } from "../../src/runtime/ports.ts";
import { Restores } from "../../src/runtime/restores.ts";
import { Evaluators, topology, wire } from "../support/evaluators.ts";

const command = (runId: string, delay: number): RunCommand => ({
  kind: "schedule",
  runId,
  automationId: "automation",
  automationName: "an automation",
  triggerId: "trigger",
  firingId: `firing-${runId}`,
  actionIndex: 0,
  deploymentId: "deployment",
  deploymentName: null,
  parameters: { of: runId },
  jobVariables: null,
  triggered: fromMillis(0),
  scheduleAfter: seconds(delay),
  target: "topic",
  eventId: null,
  eventName: null,
  resourceId: null,
  causes: [],
});

/** Schedulers of one partition on a broker in memory. */
class Schedulers extends Evaluators {
  readonly #ended: Promise<unknown>[] = [];
  readonly #tasks: AgendaTask[] = [];

  constructor() {
    super(1, []);
  }

  startScheduler(): Promise<unknown> {
    const log = this.broker.connect();
    const role = topology.roles["scheduler"] ?? assert.fail("no scheduler");
    const none = {
      automations: { automations: [], triggers: new Map(), gathers: false },
      deployments: new Map(),
      variables: {},
    };
    const tables = { current: () => none };
    const restores = new Restores("scheduler", this.ticker, (line) => this.reported.push(line));
    const working = { log, wire, ticker: this.ticker, tables, restores };
    const task = new AgendaTask({ role, stages, partition: 0, ...working });
    const ended = task.run().catch((error: unknown) => error);
    this.#tasks.push(task);
    this.#ended.push(ended);
    return ended;
  }

  async schedule(...commands: readonly RunCommand[]): Promise<void> {
    const records = commands.map((value) =>
      wire.encode({ topic: "run-commands", partition: 0, key: value.runId, value, gathers: false }),
    );
    await this.broker.connect().append(records);
  }

  /** Which runs left, and how many seconds after the first moment. */
  left(): string[] {
    return this.values<DueRun>("due-runs").map(({ runId, due }) => `${runId} ${secondsOf(toMillis(due))}`);
  }

  async finish(): Promise<void> {
    for (const task of this.#tasks) task.stop();
    await this.until(() => false, 20);
    await Promise.all(this.#ended);
  }
}

const START = Date.UTC(2026, 0, 1);
const secondsOf = (ms: number): number => Math.floor((ms - START) / 1000);

let running: Schedulers | null = null;
const schedulers = (): Schedulers => {
  running = new Schedulers();
  return running;
};

afterEach(async () => {
  await running?.finish();
});

describe("a task of the scheduler", () => {
  it("hands each command on when it is due, not before, in the order of their times", async () => {
    const agenda = schedulers();
    void agenda.startScheduler();
    await agenda.schedule(command("later", 20), command("sooner", 10), command("now", 0));
    await agenda.until(() => agenda.left().length >= 1);
    assert.deepEqual(agenda.left(), ["now 0"]);
    await agenda.until(() => agenda.left().length >= 2);
    assert.equal(secondsOf(agenda.broker.clock.nowMs), 10);
    await agenda.until(() => agenda.left().length >= 3);
    assert.deepEqual(agenda.left(), ["now 0", "sooner 10", "later 20"]);
  });

  it("says how much it has read back when it starts", async () => {
    const agenda = schedulers();
    await agenda.schedule(command("one", 10), command("other", 20));
    void agenda.startScheduler();
    await agenda.until(() => agenda.left().length > 0);
    assert.deepEqual(agenda.reported, ["scheduler: partition 0 restored, 2 offsets read"]);
  });

  it("says so in a run event, and forgets the command, in the same transaction", async () => {
    const agenda = schedulers();
    void agenda.startScheduler();
    await agenda.schedule(command("run", 1));
    await agenda.until(() => agenda.left().length > 0);
    assert.deepEqual(
      agenda.values<RunEvent>("run-events").map(({ kind, runId }) => [kind, runId]),
      [["due", "run"]],
    );
    const last = agenda.broker.committed("t.run-commands").at(-1);
    assert.deepEqual([last?.key, last?.value], ["run", null]);
  });

  it("sends what became due while it was down, once, also where a predecessor comes back", async () => {
    const agenda = schedulers();
    await agenda.schedule(command("a", 5), command("b", 3));
    agenda.broker.clock.advance(60_000);
    const held = agenda.broker.holdNextCommit("t.scheduler.0");
    const zombie = agenda.startScheduler();
    await held.begun;
    void agenda.startScheduler();
    await agenda.until(() => agenda.left().length >= 2);
    held.end("commit");
    const end = await zombie;
    assert(end instanceof LogError && end.retriable);
    assert.deepEqual(agenda.left(), ["b 3", "a 5"]);
  });

  it("sends nothing again whose tombstone stands behind the open transaction of somebody else", async () => {
    const agenda = schedulers();
    await agenda.schedule(command("a", 2));
    void agenda.startScheduler();
    await agenda.until(() => false, 10);
    // An evaluator has begun to write the next command and is not done when the first leaves, nor when the scheduler
    // is built anew.
    const held = agenda.broker.holdNextCommit("t.evaluator.0");
    const value = command("b", 0);
    const writer = await agenda.broker.connect().openWriter("t.evaluator.0");
    const done = writer.commit([
      wire.encode({ topic: "run-commands", partition: 0, key: "b", value, gathers: false }),
    ]);
    await held.begun;
    await agenda.until(() => agenda.left().length >= 1);
    void agenda.startScheduler();
    await agenda.until(() => false, 50);
    held.end("commit");
    await done;
    await agenda.until(() => agenda.left().length >= 2);
    assert.deepEqual(
      agenda.left().map((run) => run.split(" ")[0]),
      ["a", "b"],
    );
  });

  it("withdraws what a tombstone takes back", async () => {
    const agenda = schedulers();
    void agenda.startScheduler();
    await agenda.schedule(command("a", 5), command("b", 6));
    await agenda.broker
      .connect()
      .append([{ topic: "t.run-commands", partition: 0, key: "a", value: null, headers: {} }]);
    await agenda.until(() => agenda.left().length >= 1);
    assert.deepEqual(agenda.left(), ["b 6"]);
  });

  it("rejects what is no command, once, and goes on", async () => {
    const agenda = schedulers();
    const value = new TextEncoder().encode("{}");
    await agenda.broker
      .connect()
      .append([{ topic: "t.run-commands", partition: 0, key: "x", value, headers: {} }]);
    await agenda.schedule(command("a", 1));
    void agenda.startScheduler();
    await agenda.until(() => agenda.left().length >= 1);
    await agenda.finish();
    void agenda.startScheduler();
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    await agenda.until(() => false, 50);
    assert.deepEqual(
      agenda.values<Rejection>("rejected").map(({ topic, offset }) => [topic, offset]),
      [["run-commands", 0]],
    );
  });

  it("rejects what the log itself cannot give, and goes on", async () => {
    const agenda = schedulers();
    await agenda.schedule(command("a", 1));
    void agenda.startScheduler();
    await agenda.until(() => agenda.left().length >= 1);
    agenda.broker.spoil("t.run-commands", 0);
    await agenda.schedule(command("b", 1));
    await agenda.until(() => agenda.left().length >= 2);
    assert.deepEqual(
      agenda.values<Rejection>("rejected").map(({ topic, reason }) => [topic, reason]),
      [["run-commands", "a batch cannot be unpacked"]],
    );
  });

  it("does not begin without what the log cannot give: it may tell that runs have left", async () => {
    const agenda = schedulers();
    await agenda.schedule(command("a", 1));
    agenda.broker.spoil("t.run-commands", 0);
    const end = await agenda.startScheduler();
    assert(end instanceof LogError && !end.retriable);
    assert.match(end.message, /is to be restored, but a batch cannot be unpacked/);
    assert.deepEqual(agenda.left(), []);
  });
});

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { stages } from "../../../src/core/core.ts";
import { seconds } from "../../../src/core/model/time.ts";
import { type Log, LogError, type Position, type Reader } from "../../../src/runtime/ports.ts";
import { Copy } from "../../../src/runtime/task/copy.ts";
import { Standby } from "../../../src/runtime/task/standby.ts";
import { automation, Evaluators, on, tablesOf, topology, wire } from "../../support/evaluators.ts";

const CHANGELOG = "t.evaluator-changelog";
const trigger = on("t", "ping", { forEach: ["prefect.resource.id"], threshold: 3, within: seconds(600) });
const threeEach = automation("a", trigger);
const tables = tablesOf([threeEach], 1);

const newCopy = (): Copy =>
  new Copy({
    role: topology.roles["evaluator"] ?? assert.fail("no evaluator"),
    stages,
    partition: 0,
    partitions: 1,
    wire,
    tables: { current: () => tables },
  });

/** A log of which one can see where readers of the changelog begin, and make those fail that are open. */
function watched(log: Log): { readonly asked: readonly Position[]; cut: () => void } {
  const asked: Position[] = [];
  const open = new Set<Reader>();
  const openReader = log.openReader.bind(log);
  log.openReader = async (from) => {
    asked.push(...from.filter(({ topic }) => topic === CHANGELOG));
    const reader = await openReader(from);
    open.add(reader);
    return reader;
  };
  const cut = (): void => {
    for (const reader of open) {
      reader.poll = () => Promise.reject(new LogError("the broker is away", { retriable: true }));
      reader.wakeUp();
    }
  };
  return { asked, cut };
}

let running: Evaluators | null = null;
let standby: Standby | null = null;

function evaluators(): Evaluators {
  running = new Evaluators(1, [threeEach]);
  return running;
}

function follow(tasks: Evaluators, log: Log, warmed: () => void = () => {}): Standby {
  standby = new Standby({
    log,
    ticker: tasks.ticker,
    partition: 0,
    build: newCopy,
    warmed,
    report: (problem) => assert.fail(problem),
  });
  return standby;
}

afterEach(async () => {
  await standby?.stop();
  await running?.stopAll();
});

describe("a standby of a task", () => {
  it("lets a successor count on where the dead one had committed, and read only what is left", async () => {
    const tasks = evaluators();
    const first = tasks.start();
    for (const host of ["a", "b", "c"]) tasks.send("ping", host);
    await tasks.until(() => tasks.broker.committed(CHANGELOG).length > 0);
    const warm = follow(tasks, tasks.broker.connect());
    await tasks.until(() => warm.isWarm);
    for (const host of ["a", "b", "c"]) tasks.send("ping", host);
    const before = tasks.broker.partition(CHANGELOG, 0).next;
    await tasks.until(() => tasks.broker.partition(CHANGELOG, 0).next > before);
    const log = tasks.broker.connect();
    const { asked } = watched(log);
    await tasks.kill(first);

    const copy = await warm.take();
    tasks.start(0, { copy, log });
    for (const host of ["a", "b", "c"]) tasks.send("ping", host);
    const firings = await tasks.untilFirings(3);
    assert.deepEqual(
      firings.map(({ paidBy }) => paidBy.length),
      [3, 3, 3],
    );
    assert(asked.every(({ offset }) => offset >= before));
  });

  it("is warm when it has read what was there when it began, and says so once", async () => {
    const tasks = evaluators();
    tasks.start();
    tasks.broker.recordsPerPollMax = 1;
    for (let i = 0; i < 20; i++) tasks.send("ping", `host.${i}`);
    await tasks.until(() => tasks.broker.committed(CHANGELOG).length > 20);
    let warmed = 0;
    const warm = follow(tasks, tasks.broker.connect(), () => (warmed += 1));
    assert.equal(warm.isWarm, false);
    await tasks.until(() => warm.isWarm);
    await tasks.until(() => false, 50);
    assert.equal(warmed, 1);
    assert.equal((await warm.take()).chain.sizeOf("evaluate"), 20);
  });

  it("tells repeats of what its owner had taken", async () => {
    const tasks = evaluators();
    const id = "3f0f1d1e-0d3c-4f5e-9a55-0c6f4f8a1b11";
    const first = tasks.start();
    const warm = follow(tasks, tasks.broker.connect());
    for (let i = 0; i < 2; i++) tasks.send("ping", "host.a", i === 0 ? { id } : {});
    await tasks.until(() =>
      tasks.broker.committed(CHANGELOG).some(({ key }) => key?.startsWith("taken-ids") === true),
    );
    await tasks.kill(first);
    tasks.start(0, { copy: await warm.take() });
    tasks.send("ping", "host.a", { id });
    assert.deepEqual(await tasks.untilFirings(1), []);
    tasks.send("ping", "host.a");
    assert.equal((await tasks.untilFirings(1)).length, 1);
  });

  it("begins anew where its reader fails", async () => {
    const tasks = evaluators();
    tasks.start();
    for (const host of ["a", "b"]) tasks.send("ping", host);
    await tasks.until(() => tasks.broker.committed(CHANGELOG).length > 0);
    const log = tasks.broker.connect();
    const { asked, cut } = watched(log);
    const warm = follow(tasks, log);
    await tasks.until(() => warm.isWarm);
    cut();
    await tasks.until(() => !warm.isWarm);
    await tasks.until(() => warm.isWarm);
    assert.deepEqual(
      asked.map(({ offset }) => offset),
      [0, 0],
    );
    assert.equal((await warm.take()).chain.sizeOf("evaluate"), 2);
  });
});

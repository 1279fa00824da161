import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stages } from "../../../src/core/core.ts";
import type { Rejection } from "../../../src/core/model/rejection.ts";
import type { RunCommand } from "../../../src/core/model/run-command.ts";
import { plus, seconds } from "../../../src/core/model/time.ts";
import type { Trigger } from "../../../src/core/model/trigger.ts";
import type { Stage } from "../../../src/core/processor.ts";
import { Poison } from "../../../src/runtime/poison.ts";
import { LogError, type Position } from "../../../src/runtime/ports.ts";
import { automation, both, evaluatorsOfEach, on } from "../../support/evaluators.ts";

const EACH = ["prefect.resource.id"];
const evaluators = evaluatorsOfEach();

describe("a task of the evaluator", () => {
  it("turns an event into a firing and a run command", async () => {
    const tasks = evaluators(1, automation("run-me", on("t", "ping")));
    tasks.start();
    tasks.send("ping", "host.a");
    const [firing] = await tasks.untilFirings(1);
    assert.equal(firing?.event?.event, "ping");
    const commands = tasks.values<RunCommand>("run-commands");
    assert.deepEqual(
      commands.map(({ deploymentId, firingId }) => [deploymentId, firingId]),
      [["run-me", firing?.id]],
    );
  });

  it("counts on where its killed predecessor had committed, and fires once", async () => {
    const tasks = evaluators(
      1,
      automation("a", on("t", "ping", { threshold: 3, within: seconds(60), forEach: EACH })),
    );
    const first = tasks.start();
    tasks.send("ping", "host.a");
    tasks.send("ping", "host.a");
    await tasks.until(() => tasks.broker.committed("t.evaluator-changelog").length > 0);
    await tasks.kill(first);
    tasks.start();
    tasks.send("ping", "host.a");
    assert.deepEqual(
      (await tasks.untilFirings(1)).map(({ paidBy }) => paidBy.length),
      [3],
    );
  });

  it("does nothing twice when its predecessor died with a transaction open", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    const zombie = tasks.start();
    const held = tasks.broker.holdNextCommit("t.evaluator.0");
    tasks.send("ping", "host.a");
    await tasks.until(() => false, 20);
    await held.begun;
    tasks.start();
    assert.equal((await tasks.untilFirings(1)).length, 1);
    held.end("commit");
    const end = await tasks.endOf(zombie);
    assert(end instanceof LogError && end.retriable);
    assert.equal((await tasks.untilFirings(1)).length, 1);
  });

  it("does nothing twice when its commit won but the answer was lost", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    const first = tasks.start();
    await tasks.until(() => tasks.broker.committed("t.evaluator-changelog").length > 0);
    tasks.broker.failNextCommit("t.evaluator.0", "lose-answer");
    tasks.send("ping", "host.a");
    await tasks.until(() => tasks.firings().length > 0);
    const end = await tasks.endOf(first);
    assert(end instanceof LogError && end.retriable);
    tasks.start();
    assert.equal((await tasks.untilFirings(1)).length, 1);
  });

  it("drops an event whose id it has taken, also after a restart", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    const id = "3f0f1d1e-0d3c-4f5e-9a55-0c6f4f8a1b11";
    const first = tasks.start();
    tasks.send("ping", "host.a", { id });
    tasks.send("ping", "host.a", { id });
    await tasks.untilFirings(1);
    await tasks.kill(first);
    tasks.start();
    tasks.send("ping", "host.a", { id });
    assert.equal((await tasks.untilFirings(1)).length, 1);
  });

  it("reads nothing but its changelog to know what it has taken", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    const first = tasks.start();
    for (let i = 0; i < 3; i++) tasks.send("ping", "host.a");
    await tasks.untilFirings(3);
    await tasks.kill(first);
    const log = tasks.broker.connect();
    const openReader = log.openReader.bind(log);
    const asked: Position[] = [];
    log.openReader = (from) => {
      asked.push(...from);
      return openReader(from);
    };
    tasks.start(0, { log });
    tasks.send("ping", "host.a");
    await tasks.untilFirings(4);
    const offsets = asked.filter(({ topic }) => topic === "t.events").map(({ offset }) => offset);
    assert(offsets.length === 1 && offsets.every((offset) => offset >= 3), String(offsets));
  });

  it("keeps no ids of logs, which are never taken: there would be no room for others", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    const kept = (): readonly (string | null)[] =>
      tasks.broker.committed("t.evaluator-changelog").map(({ key }) => key);
    tasks.start();
    for (let i = 0; i < 3; i++) tasks.send("prefect.log.write", "host.a");
    await tasks.until(() => kept().includes("positions|"));
    assert.deepEqual(
      kept().filter((key) => key?.startsWith("taken-ids|")),
      [],
    );
    tasks.send("ping", "host.a");
    await tasks.until(() => kept().includes("taken-ids|0"));
    assert(kept().includes("taken-ids|0"));
  });

  it("keeps what it cannot read in the rejected topic, and goes on", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    tasks.start();
    tasks.sendRaw("{ not json", "host.a");
    tasks.sendRaw('{"event": "ping", "resource": {"no": "id"}}', "host.a");
    tasks.send("ping", "host.a");
    assert.equal((await tasks.untilFirings(1)).length, 1);
    const rejected = tasks.values<Rejection>("rejected");
    assert.deepEqual(
      rejected.map(({ topic, partition, offset, value }) => [topic, partition, offset, value]),
      [
        ["events", 0, 0, "{ not json"],
        ["events", 0, 1, '{"event": "ping", "resource": {"no": "id"}}'],
      ],
    );
    assert.match(rejected[0]?.reason ?? "", /^not JSON/);
    assert.match(rejected[1]?.reason ?? "", /resource.*prefect\.resource\.id/);
  });

  it("rejects what the log itself cannot give, once, and goes on", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    tasks.broker.spoil("t.events", 0);
    tasks.broker.spoil("t.matches", 0);
    const first = tasks.start();
    tasks.send("ping", "host.a");
    await tasks.untilFirings(1);
    await tasks.kill(first);
    tasks.start();
    tasks.send("ping", "host.b");
    assert.equal((await tasks.untilFirings(2)).length, 2);
    const rejected = tasks.values<Rejection>("rejected");
    assert.deepEqual(rejected.map(({ topic, offset, reason }) => `${topic} ${offset}: ${reason}`).sort(), [
      "events 0: a batch cannot be unpacked",
      "matches 0: a batch cannot be unpacked",
    ]);
  });

  it("does not go on without a part of its state that the log cannot give", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    tasks.broker.spoil("t.evaluator-changelog", 0);
    const end = await tasks.endOf(tasks.start());
    assert(end instanceof LogError && !end.retriable);
    assert.match(end.message, /^state is to be restored, but a batch cannot be unpacked$/);
  });

  it("notices absence although nothing comes any more", async () => {
    const absent = on("t", "beat", {
      after: ["beat"],
      posture: "Proactive",
      within: seconds(30),
      forEach: EACH,
    });
    const tasks = evaluators(1, automation("a", absent));
    tasks.start();
    tasks.send("beat", "host.a");
    const [firing] = await tasks.untilFirings(1);
    assert.deepEqual([firing?.cause, firing?.labels], ["timer", { "prefect.resource.id": "host.a" }]);
  });

  it("makes up for a long silence in portions that memory can hold", async () => {
    const absent = on("t", "beat", { posture: "Proactive", within: seconds(10), forEach: EACH });
    const tasks = evaluators(1, automation("a", absent));
    const first = tasks.start();
    for (let host = 0; host < 50; host++) tasks.send("beat", `host.${host}`);
    await tasks.until(() => tasks.broker.committed("t.evaluator-changelog").length > 50);
    await tasks.kill(first);
    const before = tasks.broker.committed("t.evaluator-changelog").length;
    tasks.broker.clock.advance(600_000);
    tasks.start();
    await tasks.until(() => tasks.firings().length >= 50 * 59);
    const written = tasks.broker.committed("t.evaluator-changelog").slice(before);
    assert(written.filter(({ key }) => key === "positions|").length > 2, "all of it was one transaction");
    const windows = tasks.firings().map(({ key, windowEnd }) => JSON.stringify([key, windowEnd]));
    assert.equal(new Set(windows).size, windows.length);
  });

  it("forgets what a trigger had counted when its meaning changes, and keeps it when only its name does", async () => {
    const counting = (threshold: number) =>
      on("t", "ping", { threshold, within: seconds(600), forEach: EACH });
    const tasks = evaluators(1, automation("a", counting(3)));
    tasks.start();
    tasks.send("ping", "host.a");
    tasks.send("ping", "host.a");
    await tasks.until(() => false, 50);
    tasks.redefine([{ ...automation("a", counting(3)), name: "another name" }]);
    tasks.send("ping", "host.a");
    await tasks.untilFirings(1);
    tasks.send("ping", "host.a");
    await tasks.until(() => false, 50);
    tasks.redefine([automation("a", counting(2))]);
    tasks.send("ping", "host.a");
    tasks.send("ping", "host.a");
    assert.deepEqual(
      (await tasks.untilFirings(2)).map(({ paidBy }) => paidBy.length),
      [3, 2],
    );
  });

  it("forgets what it had counted when it was away while its automation was switched off and on", async () => {
    const counting = automation("a", on("t", "ping", { threshold: 3, within: seconds(600), forEach: EACH }));
    const tasks = evaluators(1, counting);
    const first = tasks.start();
    tasks.send("ping", "host.a");
    tasks.send("ping", "host.a");
    await tasks.until(() => tasks.broker.committed("t.evaluator-changelog").length > 0);
    await tasks.kill(first);
    tasks.redefine([{ ...counting, armed: plus(counting.updated, seconds(1)) }]);
    tasks.start();
    tasks.send("ping", "host.a");
    assert.deepEqual(await tasks.untilFirings(1), []);
    tasks.send("ping", "host.a");
    tasks.send("ping", "host.a");
    assert.deepEqual(
      (await tasks.untilFirings(1)).map(({ paidBy }) => paidBy.length),
      [3],
    );
  });

  it("says which events were deleted before it could read them, and goes on with the rest", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    const first = tasks.start();
    tasks.send("ping", "host.a");
    await tasks.untilFirings(1);
    await tasks.kill(first);
    tasks.send("ping", "host.b");
    tasks.broker.clock.advance(8 * 86_400_000);
    tasks.broker.expire("t.events");
    tasks.send("ping", "host.c");
    tasks.start();
    assert.equal((await tasks.untilFirings(2)).at(-1)?.event?.resource["prefect.resource.id"], "host.c");
    assert.match(
      tasks.reported.join(),
      /t\.events, partition 0: offsets \d+ to \d+ were deleted before they were read/,
    );
  });

  it("dies once of a record that breaks a stage; its successor rejects that record and goes on", async () => {
    const tasks = evaluators(1, automation("a", on("t", "ping")));
    const { match } = stages;
    assert(match !== undefined);
    const broken: Stage<unknown, unknown> = {
      ...match,
      process: (call, world) => {
        if (JSON.stringify(call.input).includes("boom")) throw new TypeError("a bug");
        return match.process(call, world);
      },
    };
    const first = tasks.start(0, { stages: { ...stages, match: broken } });
    tasks.send("boom", "host.a");
    tasks.send("ping", "host.a");
    await tasks.until(() => false, 50);
    const poison = await tasks.endOf(first);
    assert(poison instanceof Poison);
    tasks.start(0, { stages: { ...stages, match: broken }, poison: [poison] });
    await tasks.untilFirings(1);
    const [rejected] = tasks.values<Rejection>("rejected");
    assert.deepEqual([rejected?.topic, rejected?.offset], ["events", 0]);
    assert.match(rejected?.reason ?? "", /TypeError: a bug/);
  });

  it("watches from the moment on at which a trigger without a key is loaded", async () => {
    const tasks = evaluators(1);
    tasks.start();
    await tasks.until(() => false, 20);
    tasks.redefine([automation("a", on("t", "beat", { posture: "Proactive", within: seconds(30) }))]);
    const [firing] = await tasks.untilFirings(1);
    assert.deepEqual([firing?.cause, firing?.event, firing?.labels], ["timer", null, {}]);
  });
});

describe("four tasks of the evaluator", () => {
  it("let a composite fire once, although its events went to different tasks", async () => {
    const tasks = evaluators(4, automation("a", both));
    tasks.startAll();
    tasks.send("ping", "host.a");
    tasks.send("reply", "host.b");
    const firings = await tasks.untilFirings(1);
    assert.deepEqual(
      firings.map(({ triggerId, children }) => [triggerId, children.map((child) => child.triggerId)]),
      [["both", ["ping", "reply"]]],
    );
  });

  it("write down a firing over events too large to be told in full, without what the earlier ones carried", async () => {
    const many: Trigger = {
      ...both,
      triggers: Array.from({ length: 12 }, (_, i) => on(`child-${i}`, `part-${i}`)),
    };
    const tasks = evaluators(1, automation("a", many));
    tasks.start();
    for (let i = 0; i < 12; i++)
      tasks.send(`part-${i}`, "host.a", { payload: { text: "x".repeat(1_400_000) } });
    const [firing] = await tasks.untilFirings(1);
    assert.equal(firing?.children.length, 12);
    assert(firing.children.every(({ event }) => event !== null && !("text" in event.payload)));
    assert(firing.event !== null && "text" in firing.event.payload);
  });

  it("keep what they hold of events too large to be kept in full, also through a restart", async () => {
    const names = Array.from({ length: 16 }, (_, i) => `part-${i}`);
    const many: Trigger = { ...both, triggers: names.map((name) => on(name, name)) };
    const tasks = evaluators(1, automation("a", many));
    const text = "x".repeat(1_400_000);
    const hasHeard = (count: number): boolean =>
      tasks.broker.committed("t.evaluator-changelog").filter(({ key }) => key?.startsWith("slots|")).length >=
      count;
    tasks.start();
    for (const [i, name] of names.slice(0, -1).entries()) {
      tasks.send(name, "host.a", { payload: { text } });
      await tasks.until(() => hasHeard(i + 1));
    }
    assert(hasHeard(names.length - 1));
    await tasks.stopAll();
    tasks.start();
    tasks.send(names.at(-1) ?? "", "host.a", { payload: { text } });
    const [firing] = await tasks.untilFirings(1);
    assert.deepEqual(
      firing?.children.map(({ triggerId }) => triggerId),
      names,
    );
  });

  it("count one window for all resources where the trigger says no `for_each`", async () => {
    const tasks = evaluators(4, automation("a", on("t", "ping", { threshold: 6, within: seconds(600) })));
    tasks.startAll();
    for (const host of ["a", "b", "c", "d", "e", "f"]) tasks.send("ping", `host.${host}`);
    assert.deepEqual(
      (await tasks.untilFirings(1)).map(({ paidBy }) => paidBy.length),
      [6],
    );
  });

  it("wait with what needs all of them while one is away, and catch up when it is back", async () => {
    const tasks = evaluators(4, automation("a", both));
    const [first, ...others] = tasks.startAll();
    assert(first !== undefined && others.length === 3);
    await tasks.kill(first);
    tasks.send("ping", "host.a");
    tasks.send("reply", "host.b");
    tasks.send("ping", "host.c");
    await tasks.until(() => false, 200);
    assert.deepEqual(tasks.firings(), []);
    tasks.start(0);
    assert.equal((await tasks.untilFirings(1)).length, 1);
  });
});

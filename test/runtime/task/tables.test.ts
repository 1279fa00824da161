import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bucketKey } from "../../../src/core/model/match.ts";
import { seconds } from "../../../src/core/model/time.ts";
import { partitionOf } from "../../../src/runtime/partitioner.ts";
import { LogError } from "../../../src/runtime/ports.ts";
import { automation, both, evaluatorsOfEach, on, tablesOf } from "../../support/evaluators.ts";

const evaluators = evaluatorsOfEach();

describe("tasks of the evaluator whose automations are not read yet", () => {
  it("wait for an automation that another has read already, and lose nothing by it", async () => {
    const counting = automation("a", on("t", "ping", { threshold: 2, within: seconds(600) }));
    const tasks = evaluators(4, counting);
    const published = Promise.withResolvers<void>();
    let known = tablesOf([], 0);
    void published.promise.then(() => {
      known = tablesOf([counting], 1);
    });
    const tables = {
      current: () => known,
      reached: (offset: number) => (offset < 1 ? Promise.resolve() : published.promise),
    };
    const home = partitionOf(bucketKey("t", []), 4);
    for (let partition = 0; partition < 4; partition++)
      tasks.start(partition, partition === home ? { tables } : {});
    tasks.send("ping", "host.a");
    tasks.send("ping", "host.b");
    tasks.send("ping", "host.c");
    await tasks.until(() => tasks.broker.committed("t.matches").some(({ key }) => key !== ""));
    await tasks.until(() => false, 50);
    assert.deepEqual(tasks.firings(), []);
    published.resolve();
    assert.equal((await tasks.untilFirings(1)).length, 1);
  });

  it("do not wait for automations because of what others announce", async () => {
    const tasks = evaluators(2, automation("a", both));
    const none = { ...tablesOf([], 1), reach: 0 };
    const reached = (offset: number): Promise<void> =>
      offset < 0 ? Promise.resolve() : new Promise<void>(() => {});
    tasks.start(1);
    const hasAnnounced = (): boolean => tasks.broker.committed("t.matches").length > 0;
    await tasks.until(hasAnnounced);
    assert(hasAnnounced());
    tasks.start(0, { tables: { current: () => none, reached } });
    tasks.send("ping", ["a", "b", "c", "d"].find((host) => partitionOf(host, 2) === 0) ?? "");
    const hasCommitted = (): boolean => tasks.broker.partition("t.evaluator-changelog", 0).next > 0;
    await tasks.until(hasCommitted);
    assert(hasCommitted());
  });

  it("do not wait for ever for an automation, and at once no more when told to stop", async () => {
    const counting = automation("a", on("t", "ping", { threshold: 2, within: seconds(600) }));
    const tasks = evaluators(4, counting);
    const never = Promise.withResolvers<void>();
    const tables = {
      current: () => tablesOf([], 0),
      reached: (offset: number) => (offset < 1 ? Promise.resolve() : never.promise),
    };
    const home = partitionOf(bucketKey("t", []), 4);
    const start = () => tasks.start(home, { tables });
    for (let partition = 0; partition < 4; partition++) if (partition !== home) tasks.start(partition);
    tasks.send("ping", "host.a");
    tasks.send("ping", "host.b");
    await tasks.until(() => tasks.broker.committed("t.matches").some(({ key }) => key !== ""));

    const patient = start();
    const isOver = tasks.endOf(patient).then((end) => {
      assert(end instanceof LogError && end.retriable);
      assert.match(end.message, /^the automations are needed up to offset 1: they have not been read/);
      return true;
    });
    let ended = false;
    void isOver.then(() => {
      ended = true;
    });
    await tasks.until(() => ended);
    assert(await isOver);

    const stopped = start();
    await tasks.until(() => false, 50);
    stopped.stop();
    await tasks.until(() => false, 5);
    const end = await tasks.endOf(stopped);
    assert(end instanceof LogError && /told to stop/.test(end.message));
  });
});

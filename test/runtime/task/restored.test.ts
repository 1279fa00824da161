import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromMillis, type Instant, millis, minus, plus, seconds } from "../../../src/core/model/time.ts";
import { automation, type Evaluators, evaluatorsOfEach, on, tablesOf } from "../../support/evaluators.ts";

const EACH = ["prefect.resource.id"];

const evaluators = evaluatorsOfEach();

/** How often a bucket was committed. */
const bucketsOf = (tasks: Evaluators): number =>
  tasks.broker.committed("t.evaluator-changelog").filter(({ key }) => key?.startsWith("buckets|")).length;

/** The last event was stamped by another clock: that of a broker that is behind, or of its sender. */
function setBack(tasks: Evaluators, timestamp: Instant): void {
  const { entries } = tasks.broker.partition("t.events", 0);
  const last = entries.pop() ?? assert.fail("no event was sent");
  entries.push({ ...last, timestamp });
}

describe("a task that goes on from the state of another", () => {
  it("forgets nothing because its process has not read the automations as far yet", async () => {
    const counting = automation("a", on("t", "ping", { threshold: 3, within: seconds(600), forEach: EACH }));
    const tasks = evaluators(1, counting);
    const first = tasks.start();
    tasks.send("ping", "host.a");
    tasks.send("ping", "host.a");
    await tasks.until(() => bucketsOf(tasks) > 0);
    assert(bucketsOf(tasks) > 0);
    await tasks.kill(first);

    const published = Promise.withResolvers<void>();
    let known = tablesOf([], 0);
    const reached = (offset: number): Promise<void> => (offset < 1 ? Promise.resolve() : published.promise);
    tasks.start(0, { tables: { current: () => known, reached } });
    await tasks.until(() => false, 50);
    known = tablesOf([counting], 1);
    published.resolve();
    tasks.send("ping", "host.a");
    assert.deepEqual(
      (await tasks.untilFirings(1)).map(({ paidBy }) => paidBy.length),
      [3],
    );
  });

  it("takes no event at a time that it had let pass: a beat counts in the window that is open", async () => {
    const absent = on("t", "beat", { posture: "Proactive", within: seconds(30), forEach: EACH });
    const tasks = evaluators(1, automation("a", absent));
    const first = tasks.start();
    const began = fromMillis(tasks.broker.clock.nowMs);
    tasks.send("beat", "host.a");
    // The first window ends in peace, and the second is opened.
    await tasks.until(() => bucketsOf(tasks) === 2);
    assert.equal(bucketsOf(tasks), 2);
    await tasks.kill(first);

    tasks.send("beat", "host.a");
    setBack(tasks, plus(began, seconds(10)));
    tasks.start();
    const [alarm] = await tasks.untilFirings(1);
    assert.deepEqual(
      [alarm?.windowStart, alarm?.windowEnd],
      [plus(began, seconds(60)), plus(began, seconds(90))],
    );
  });

  it("lets a new trigger watch from where that state stands, and not over what was taken without it", async () => {
    const tasks = evaluators(1, automation("a", on("t", "beat")));
    const first = tasks.start();
    const { nowMs: began } = tasks.broker.clock;
    while (tasks.broker.clock.nowMs < began + 60_000) {
      tasks.send("beat", "host.a");
      await tasks.until(() => false, 250);
    }
    const before = tasks.firings();
    const lastBeat = before.at(-1)?.triggered ?? assert.fail("no beat was taken");
    await tasks.kill(first);

    const standing = on("t", "beat", { id: "standing", posture: "Proactive", within: seconds(30) });
    tasks.redefine([automation("a", on("t", "beat")), automation("b", standing)]);
    tasks.start();
    const alarm = (await tasks.untilFirings(before.length + 1))[before.length];
    assert(alarm?.triggerId === "standing" && alarm.windowStart);
    assert(
      alarm.windowStart >= minus(lastBeat, millis(1)),
      `watched from ${alarm.windowStart}, last beat ${lastBeat}`,
    );
  });
});

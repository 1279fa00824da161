/** Metric triggers in running tasks: home and gauge in different tasks, restarts, changes of automations. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Automation } from "../../../src/core/model/automation.ts";
import type { Event } from "../../../src/core/model/event.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { RunCommand } from "../../../src/core/model/run-command.ts";
import { seconds } from "../../../src/core/model/time.ts";
import type { MetricTrigger, Trigger } from "../../../src/core/model/trigger.ts";
import { automation, Evaluators } from "../../support/evaluators.ts";

const metric = (more: Partial<MetricTrigger["metric"]> = {}, id = "metric"): MetricTrigger => ({
  kind: "metric",
  id,
  match: { "prefect.resource.id": "prefect.flow-run.*" },
  matchRelated: {},
  metric: {
    name: "duration",
    operator: ">",
    threshold: 60,
    range: seconds(300),
    firingFor: seconds(60),
    ...more,
  },
});

/** Actions that tell which list they stood in, by the deployment they run. */
function telling(name: string, trigger: Trigger): Automation {
  const one = automation(name, trigger);
  const running = (deploymentId: string) => one.actions.map((action) => ({ ...action, deploymentId }));
  return {
    ...one,
    actions: running("any"),
    actionsOnTrigger: running("on-trigger"),
    actionsOnResolve: running("on-resolve"),
  };
}

/** A timeline in seconds, told to running tasks as time goes by. */
class Timeline {
  readonly tasks: Evaluators;
  readonly #start: number;

  constructor(tasks: Evaluators) {
    this.tasks = tasks;
    // The next full minute, so that evaluations fall on full half minutes of the timeline.
    this.#start = Math.ceil(tasks.broker.clock.nowMs / 60_000) * 60_000;
  }

  /** Time goes on, and everybody sees it. */
  async until(second: number): Promise<void> {
    const { clock } = this.tasks.broker;
    clock.advance(Math.max(0, this.#start + second * 1000 - clock.nowMs));
    await this.tasks.until(() => false, 60);
  }

  /** A run goes into a state 5 s before it is told. */
  async tell(second: number, run: string, state: string): Promise<void> {
    await this.until(second + 5);
    this.tasks.send(`prefect.flow-run.${state}`, `prefect.flow-run.${run}`, {
      id: `00000000-0000-4000-8000-${String(second).padStart(6, "0")}${run.padStart(6, "0")}`,
      occurred: new Date(this.#start + second * 1000).toISOString(),
      resource: {
        "prefect.resource.id": `prefect.flow-run.${run}`,
        "prefect.state-name": state,
        "prefect.state-type": state === "Late" ? "SCHEDULED" : state.toUpperCase(),
      },
    });
  }

  second = ({ at }: Firing): number => at / 1_000_000 - this.#start / 1000;
}

let running: Evaluators | null = null;

function timelineOf(partitions: number, ...automations: readonly Automation[]): Timeline {
  running = new Evaluators(partitions, automations);
  return new Timeline(running);
}

afterEach(async () => {
  await running?.stopAll();
});

/** Slow runs, then quick ones: over the line from 120 on, and back from 480 on. */
async function slowThenQuick(timeline: Timeline, meanwhile: () => Promise<void> = async () => {}) {
  await timeline.tell(0, "a", "Running");
  await timeline.tell(1, "b", "Running");
  await timeline.tell(95, "a", "Completed");
  await timeline.tell(121, "b", "Failed");
  await meanwhile();
  await timeline.until(240);
  await timeline.tell(430, "c", "Running");
  await timeline.tell(435, "c", "Completed");
  await timeline.tell(462, "d", "Running");
  await timeline.tell(463, "d", "Completed");
  await timeline.until(600);
}

const told = (timeline: Timeline, firings: readonly Firing[]): readonly string[] =>
  firings.map((one) => `${timeline.second(one)} ${one.state} ${one.value ?? "nothing"}`);

const EXPECTED = ["180 Triggered 107.5", "510 Resolved 3"];

describe("a metric in a running task", () => {
  it("triggers and resolves, and runs on Resolved only what is meant for it", async () => {
    const timeline = timelineOf(1, telling("a", metric()));
    timeline.tasks.startAll();
    await slowThenQuick(timeline);
    assert.deepEqual(told(timeline, timeline.tasks.firings()), EXPECTED);
    const commands = timeline.tasks.values<RunCommand>("run-commands");
    assert.deepEqual(
      commands.map(({ deploymentId }) => deploymentId),
      ["any", "on-trigger", "on-resolve"],
    );
  });

  it("tells in events that it triggered and resolved, without a posture or an event of its own", async () => {
    const timeline = timelineOf(1, telling("a", metric()));
    timeline.tasks.startAll();
    await slowThenQuick(timeline);
    const records = timeline.tasks.broker.committed("t.events");
    const events = records.map(
      ({ value }): Event => JSON.parse(new TextDecoder().decode(value ?? undefined)),
    );
    const changes = events.filter(({ event }) => event.startsWith("prefect.automation."));
    assert.deepEqual(
      changes.map(({ event, resource, related, payload }) => ({ event, resource, related, payload })),
      ["triggered", "resolved"].map((state) => ({
        event: `prefect.automation.${state}`,
        resource: {
          "prefect.resource.id": "prefect.automation.automation-a",
          "prefect.resource.name": "a",
        },
        related: [],
        payload: { triggering_labels: {}, triggering_event: null },
      })),
    );
  });

  it("goes on where its killed predecessor had committed", async () => {
    const timeline = timelineOf(1, telling("a", metric()));
    const first = timeline.tasks.start();
    await slowThenQuick(timeline, async () => {
      await timeline.until(160);
      await timeline.tasks.kill(first);
      timeline.tasks.start();
    });
    assert.deepEqual(told(timeline, timeline.tasks.firings()), EXPECTED);
  });

  it("forgets what it had measured when it is disabled (S13)", async () => {
    const one = telling("a", metric());
    const timeline = timelineOf(1, one);
    timeline.tasks.startAll();
    await slowThenQuick(timeline, async () => {
      timeline.tasks.redefine([{ ...one, enabled: false }]);
      await timeline.until(140);
      timeline.tasks.redefine([one]);
    });
    assert.deepEqual(timeline.tasks.firings(), []);
  });

  it("forgets what it had measured when its meaning changes, and keeps it when only its name does (S14)", async () => {
    const one = automation("a", metric());
    const renamed = timelineOf(1, one);
    renamed.tasks.startAll();
    await slowThenQuick(renamed, async () => {
      renamed.tasks.redefine([{ ...one, name: "another name" }]);
      await renamed.until(140);
    });
    assert.deepEqual(told(renamed, renamed.tasks.firings()), EXPECTED);
    await renamed.tasks.stopAll();

    const changed = timelineOf(1, one);
    changed.tasks.startAll();
    await slowThenQuick(changed, async () => {
      changed.tasks.redefine([automation("a", metric({ threshold: 61 }))]);
      await changed.until(140);
    });
    assert.deepEqual(changed.tasks.firings(), []);
  });

  it("triggers while a run that is late does nothing, though nobody says anything any more", async () => {
    const timeline = timelineOf(1, automation("a", metric({ name: "lateness" })));
    timeline.tasks.startAll();
    await timeline.tell(0, "a", "Late");
    await timeline.until(400);
    assert.deepEqual(told(timeline, timeline.tasks.firings()), ["150 Triggered 150"]);
  });

  it("takes part in a composite when it triggers, and not when it resolves", async () => {
    const both: Trigger = {
      kind: "compound",
      id: "both",
      triggers: [metric({}, "slow"), metric({ threshold: 90 }, "slower")],
      require: "any",
      within: null,
      correlate: false,
    };
    const timeline = timelineOf(1, automation("a", both));
    timeline.tasks.startAll();
    await slowThenQuick(timeline);
    const firings = timeline.tasks.firings();
    assert.deepEqual(
      firings.map(({ triggerId, state, children }) => [triggerId, state, children[0]?.value]),
      [
        ["both", "Triggered", 107.5],
        ["both", "Triggered", 107.5],
      ],
    );
  });
});

describe("a metric in four tasks", () => {
  it("fires the same as in one, though its runs and its gauge live apart", async () => {
    const found: (readonly Firing[])[] = [];
    for (const partitions of [1, 4]) {
      const all: Trigger = {
        kind: "compound",
        id: "all",
        triggers: [
          metric({}, "slow"),
          metric({ name: "successes", operator: "<", threshold: 0.9 }, "failing"),
        ],
        require: "all",
        within: null,
        correlate: false,
      };
      const timeline = timelineOf(partitions, automation("a", metric()), automation("b", all));
      timeline.tasks.startAll();
      await timeline.tell(0, "b", "Pending");
      await timeline.tell(2, "a", "Pending");
      await slowThenQuick(timeline);
      const byId = (a: Firing, b: Firing) => (a.id < b.id ? -1 : 1);
      found.push(timeline.tasks.firings().toSorted(byId));
      await timeline.tasks.stopAll();
      if (partitions > 1)
        assert.ok(timeline.tasks.broker.committed("t.matches").some(({ key }) => key !== ""));
    }
    const [one, four] = found;
    assert.equal(one?.length, 3);
    assert.deepEqual(four, one);
  });
});

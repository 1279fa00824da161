/** The judge of the chaos runs is judged itself: it must see what is lost, doubled, invented, changed or too early. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DueRun, RunCommand, RunEvent } from "../../src/core/model/run-command.ts";
import { fromMillis, instant, millis, plus, seconds } from "../../src/core/model/time.ts";
import type { LogRecord } from "../../src/runtime/ports.ts";
import { type Expected, expectedOf } from "../chaos/judge/expected.ts";
import { type Found, verdictOf } from "../chaos/judge/verdict.ts";
import { planOf, profiles } from "../chaos/plan.ts";
import { automation, tablesOf, topology, wire } from "../support/evaluators.ts";

const START = fromMillis(Date.UTC(2026, 10, 20));
const UNTIL = plus(START, seconds(60));
const TRIGGER = "c0000000-0000-4000-8000-000000000001";

/** Every second ping of a resource, and each resource that says nothing for 10 s after a ping. */
const rules = [
  automation("twice", {
    kind: "event",
    id: TRIGGER,
    match: {},
    matchRelated: {},
    after: [],
    expect: ["ping"],
    forEach: ["prefect.resource.id"],
    posture: "Reactive",
    threshold: 2,
    within: seconds(20),
  }),
  automation("silence", {
    kind: "event",
    id: "c0000000-0000-4000-8000-000000000002",
    match: {},
    matchRelated: {},
    after: ["ping"],
    expect: ["ping"],
    forEach: ["prefect.resource.id"],
    posture: "Proactive",
    threshold: 1,
    within: seconds(10),
  }),
].map((rule) => ({
  ...rule,
  id: rule.trigger.id.replace("c", "a"),
  actions: rule.actions.map((action) =>
    action.kind === "run-deployment"
      ? { ...action, deploymentId: "d0000000-0000-4000-8000-000000000000" }
      : action,
  ),
}));

let sent = 0;
function record(offset: number, afterMs: number, resource: string, event = "ping"): LogRecord {
  sent += 1;
  const id = `e0000000-0000-4000-8000-${String(sent).padStart(12, "0")}`;
  const value = new TextEncoder().encode(
    JSON.stringify({ id, event, resource: { "prefect.resource.id": resource } }),
  );
  return { offset, key: resource, value, headers: {}, timestamp: plus(START, millis(afterMs)) };
}

const setting = { topology, wire, tables: tablesOf(rules, 1), until: UNTIL };
const log = [
  [
    record(0, 0, "a"),
    record(1, 1_000, "a"),
    record(2, 1_000, "b"),
    { ...record(3, 2_000, "x"), value: null },
  ],
  [record(0, 500, "c"), record(1, 30_000, "c")],
];
const expected = expectedOf(log, setting);

/** What would be found if everything had gone well. */
function allWell({ firings, commands, told }: Expected): Found {
  const runs = [...commands.values()];
  const dueRuns = runs.map((command) => {
    const run: DueRun = { ...command, due: plus(command.triggered, command.scheduleAfter) };
    return { run, written: plus(run.due, millis(5)) };
  });
  const runEvents = runs.flatMap((run) => [station(run, "scheduled"), station(run, "due")]);
  const rejected = [
    { topic: "events", partition: 0, offset: 3, key: "x", reason: "", value: null, at: START },
  ];
  const events = new Set(log.flatMap((records, p) => records.map(({ offset }) => `${p}/${offset}`)));
  const read = { events, acknowledged: events };
  return {
    ...read,
    firings: [...firings.values()],
    dueRuns,
    runEvents,
    rejected,
    told: [...told],
    pending: [],
  };
}

const station = (run: RunCommand, kind: RunEvent["kind"]): RunEvent => ({
  id: run.runId,
  runId: run.runId,
  kind,
  occurred: run.triggered,
  automationId: run.automationId,
  deploymentId: run.deploymentId,
  firingId: run.firingId,
  due: null,
  command: null,
  detail: null,
});

const differences = (found: Found): readonly string[] =>
  verdictOf(expected, found, { until: UNTIL, nameOf: () => "it" }).differences;

describe("what is expected of a log", () => {
  it("is told by the broker's times, whatever partition a record stands in", () => {
    const found = [...expected.firings.values()].map(({ firing }) => firing);
    const told = found.map(({ key, at }) => `${key.join()} ${(at - START) / 1_000_000}`);
    // a's second ping starts its watch anew, c's last one after the first silence was judged.
    assert.deepEqual(told.toSorted(), ["a 1", "a 11", "b 11", "c 10.5", "c 40"]);
    assert.deepEqual([...expected.rejected], ["0/3"]);
    assert.equal(expected.commands.size, 5);
    assert.equal(expected.told.size, 5);
  });
});

describe("the verdict", () => {
  const well = allWell(expected);
  const first = well.firings[0];
  assert(first !== undefined);

  it("finds nothing where everything came once", () => {
    assert.deepEqual(differences(well), []);
  });

  it("sees what is lost", () => {
    const lost = (found: Partial<Found>): string => differences({ ...well, ...found }).join("\n");
    assert.match(
      lost({ firings: well.firings.slice(1) }),
      /^lost: firing \S+: 'it' of a at \S+, triggered \S+$/,
    );
    assert.match(lost({ dueRuns: well.dueRuns.slice(1) }), /^lost: run \S+$/);
    assert.match(lost({ acknowledged: new Set(["1/2"]) }), /^lost: acknowledged record 1\/2$/);
    assert.match(lost({ rejected: [] }), /^lost: rejected record 0\/3$/);
    assert.match(lost({ told: well.told.slice(1) }), /^lost: told firing/);
    assert.match(lost({ runEvents: well.runEvents.slice(1) }), /^lost: run event 'scheduled' of \S+$/);
  });

  it("sees what is doubled", () => {
    const doubled = {
      ...well,
      firings: [...well.firings, first],
      dueRuns: [...well.dueRuns, ...well.dueRuns],
    };
    assert.equal(
      differences(doubled).filter((text) => text.startsWith("doubled, 2 times: firing")).length,
      1,
    );
    assert.equal(differences(doubled).filter((text) => text.startsWith("doubled, 2 times: run")).length, 5);
  });

  it("sees what nobody expected, but for what is after the end", () => {
    const at = (triggered: typeof UNTIL) => ({
      firing: { ...first.firing, id: TRIGGER, triggered },
      text: "",
    });
    assert.match(
      differences({ ...well, firings: [...well.firings, at(UNTIL)] }).join(),
      /^not expected, 1 times: firing/,
    );
    assert.deepEqual(differences({ ...well, firings: [...well.firings, at(instant(UNTIL + 1))] }), []);
  });

  it("sees what says something else, came too early, or is still to be run", () => {
    const other = { firing: first.firing, text: first.text.replace('"ping"', '"pong"') };
    assert.match(
      differences({ ...well, firings: [other, ...well.firings.slice(1)] }).join(),
      /^not the same: firing/,
    );
    const early = well.dueRuns.map(({ run }) => ({ run, written: instant(run.due - 1) }));
    assert.equal(
      differences({ ...well, dueRuns: early }).filter((text) => text.startsWith("too early")).length,
      5,
    );
    const changed = well.dueRuns.map(({ run, written }) => ({
      run: { ...run, parameters: { x: 1 } },
      written,
    }));
    assert.equal(differences({ ...well, dueRuns: changed }).length, 5);
    const [pending = ""] = expected.commands.keys();
    assert.deepEqual(differences({ ...well, pending: [pending, "another"] }), [
      `run ${pending} is still pending`,
    ]);
  });
});

describe("a plan of faults", () => {
  const options = { forMs: 300_000, evaluators: 3, schedulers: 2, hasBroker: true };

  it("is drawn from its seed", () => {
    for (const profile of profiles) {
      const plan = planOf({ ...options, profile, seed: 7 });
      assert.deepEqual(planOf({ ...options, profile, seed: 7 }), plan);
      assert.notDeepEqual(planOf({ ...options, profile, seed: 8 }), plan);
    }
  });

  it("leaves a broker in peace that is somebody else's", () => {
    const kinds = planOf({ ...options, profile: "all", seed: 7, hasBroker: false }).map(
      ({ fault }) => fault.kind,
    );
    assert.equal(
      kinds.some((kind) => kind.startsWith("broker")),
      false,
    );
    assert.ok(kinds.includes("freeze"));
  });
});

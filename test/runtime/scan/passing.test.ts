import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { stages } from "../../../src/core/core.ts";
import { match } from "../../../src/core/match/match.ts";
import type { Automation } from "../../../src/core/model/automation.ts";
import { type AutomationTable, tableOf } from "../../../src/core/model/automation-table.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { eventToJson } from "../../../src/core/model/event-reader.ts";
import { deriveId } from "../../../src/core/model/id.ts";
import { type Instant, instant, minutes, seconds } from "../../../src/core/model/time.ts";
import type { EventTrigger, MetricTrigger } from "../../../src/core/model/trigger.ts";
import { Chain } from "../../../src/runtime/chain/chain.ts";
import { interestsOf } from "../../../src/runtime/scan/interests.ts";
import { Passing } from "../../../src/runtime/scan/scan.ts";
import { automation } from "../../support/evaluators.ts";

const START = instant(1_767_225_600_000_000);

const pattern = fc.oneof(
  fc.constantFrom(
    "a",
    "a.b",
    "a.b.c",
    "b",
    "a.*",
    "*",
    "*.c",
    "a*c",
    "a.?",
    "a.[bc]",
    "[",
    "prefect.log.write",
    "",
  ),
  fc.string(),
);
const eventTrigger: fc.Arbitrary<EventTrigger> = fc.record({
  kind: fc.constant("event"),
  id: fc.uuid(),
  match: fc.constantFrom({}, { team: "red" }, { "prefect.resource.id": ["r.1", "r.2"] }),
  matchRelated: fc.constant({}),
  after: fc.array(pattern, { maxLength: 2 }),
  expect: fc.oneof(
    { weight: 9, arbitrary: fc.array(pattern, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.constant([]) },
  ),
  forEach: fc.constantFrom(["prefect.resource.id"], []),
  posture: fc.constantFrom("Reactive", "Proactive"),
  threshold: fc.integer({ min: 1, max: 3 }),
  within: fc.constant(seconds(60)),
});
const metric: fc.Arbitrary<MetricTrigger> = fc.uuid().map((id) => ({
  kind: "metric",
  id,
  match: {},
  matchRelated: {},
  metric: { name: "successes", operator: "<", threshold: 1, range: minutes(5), firingFor: minutes(5) },
}));
const table = (triggers: readonly (EventTrigger | MetricTrigger)[]): AutomationTable =>
  tableOf(
    triggers.map((trigger, revision) => ({
      automation: { ...automation(trigger.id, trigger) } satisfies Automation,
      revision,
    })),
  );
const triggers = fc.array(
  fc.oneof({ weight: 4, arbitrary: eventTrigger }, { weight: 1, arbitrary: metric }),
  { maxLength: 3 },
);

interface Told {
  readonly name: string;
  readonly resource: string;
  readonly id: number;
  readonly follows: number | null;
  readonly after: number;
  readonly state: boolean;
}
const told: fc.Arbitrary<Told> = fc.record({
  name: fc.constantFrom("a", "a.b", "a.b.c", "b", "z", "z", "z", "prefect.log.write"),
  resource: fc.constantFrom("r.1", "r.2", "r.3"),
  id: fc.nat(12),
  follows: fc.option(fc.nat(12), { freq: 6 }),
  after: fc.constantFrom(0, 1, 30, 1000),
  state: fc.boolean(),
});

const idOf = (n: number): string => deriveId("passing", n);
function eventOf({ name, resource, id, follows, state }: Told, at: Instant): Event {
  return {
    id: idOf(id),
    event: name,
    occurred: at,
    received: at,
    resource: { "prefect.resource.id": resource, ...(state && { "prefect.state-type": "RUNNING" }) },
    related: [],
    payload: {},
    follows: follows === null ? null : idOf(follows),
    causes: [],
  };
}

function chainOf(automations: AutomationTable): Chain {
  const tables = { automations, deployments: new Map(), variables: {} };
  const steps = ["order", "match", "evaluate", "measure", "compose", "act"].map((name) => {
    const stage = stages[name];
    assert(stage !== undefined);
    const via = { evaluate: "matches", measure: "matches", compose: "child-firings" }[name] ?? null;
    return { name, stage, store: name === "match" || name === "act" ? null : name, via };
  });
  const chain = new Chain({ partition: 0, partitions: 1, steps, tables });
  chain.reload(tables, START);
  return chain;
}

describe("an event that no trigger wants", () => {
  it("changes as much when it is passed as when it is taken, whatever came before and comes after", () => {
    let passed = 0;
    fc.assert(
      fc.property(triggers, fc.array(told, { minLength: 10, maxLength: 40 }), (list, timeline) => {
        const automations = table(list);
        const [taking, passing] = [chainOf(automations), chainOf(automations)];
        const gate = new Passing(passing);
        let at: Instant = START;
        for (const one of timeline) {
          at = instant(at + seconds(one.after) + 1);
          const event = eventOf(one, at);
          taking.takeEvent(event);
          const bytes = new TextEncoder().encode(JSON.stringify(eventToJson(event)));
          if (gate.pass(bytes, at, automations) !== null) passed += 1;
          else passing.takeEvent(event);
          assert.deepEqual(passing.take(), taking.take());
          for (let id = 0; id <= 12; id++)
            assert.equal(passing.seen.has(idOf(id), at), taking.seen.has(idOf(id), at));
        }
        assert.equal(passing.nextDue(), taking.nextDue());
      }),
      { numRuns: 300 },
    );
    assert.ok(passed > 100, `only ${passed} were passed: the property says little`);
  });

  it("is taken when somebody waits for it", () => {
    const automations = table([]);
    const chain = chainOf(automations);
    const gate = new Passing(chain);
    const z = { name: "z", resource: "r.1", after: 0, state: false };
    const later = instant(START + seconds(1));
    const leader = new TextEncoder().encode(
      JSON.stringify(eventToJson(eventOf({ ...z, id: 2, follows: null }, later))),
    );
    chain.takeEvent(eventOf({ ...z, id: 1, follows: 2 }, START));
    assert.equal(gate.pass(leader, later, automations), null);
    assert.equal(gate.pass(leader, later, undefined), null);
    assert.equal(gate.pass(null, later, automations), null);
    chain.takeEvent(eventOf({ ...z, id: 2, follows: null }, later));
    assert.notEqual(gate.pass(leader, later, automations), null);
    const other = eventOf({ ...z, id: 3, follows: null }, later);
    const bytes = new TextEncoder().encode(JSON.stringify(eventToJson(other)));
    assert.notEqual(gate.pass(bytes, later, automations), null);
  });

  it("is told by the automations that there are now", () => {
    const chain = chainOf(table([]));
    const gate = new Passing(chain);
    const z = eventOf({ name: "z", resource: "r.1", id: 1, follows: null, after: 0, state: false }, START);
    const bytes = new TextEncoder().encode(JSON.stringify(eventToJson(z)));
    const wanting: EventTrigger = { ...fc.sample(eventTrigger, 1)[0]!, expect: ["z"] };
    assert.notEqual(gate.pass(bytes, START, table([])), null);
    assert.equal(gate.pass(bytes, START, table([wanting])), null);
    assert.notEqual(gate.pass(bytes, START, table([])), null);
  });
});

describe("what the names of events tell of interest", () => {
  it("is never too little: what finds a trigger has a name that is wanted, or is a state that is", () => {
    fc.assert(
      fc.property(triggers, told, fc.string(), (list, one, other) => {
        const automations = table(list);
        const name = one.name === "z" ? other : one.name;
        const event = eventOf({ ...one, name }, START);
        const taken = { kind: "taken", event, takenAt: START, rank: "" } as const;
        const world = {
          at: START,
          automations,
          deployments: new Map(),
          variables: {},
          seen: chainOf(automations).seen,
        };
        const found = match.process({ key: "", state: null, input: taken }, world).emit.length > 0;
        const interests = interestsOf(automations);
        if (found) assert.ok(interests.inName(name) || (interests.inStates && one.state));
      }),
      { numRuns: 500 },
    );
  });
});

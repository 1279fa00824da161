import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { interestOf } from "../../../src/core/match/interest.ts";
import { match } from "../../../src/core/match/match.ts";
import type { AutomationTable } from "../../../src/core/model/automation-table.ts";
import type { Event } from "../../../src/core/model/event.ts";
import type { Match } from "../../../src/core/model/match.ts";
import type { EventTrigger } from "../../../src/core/model/trigger.ts";
import { compound, event, eventTrigger, ofKind, START, tableFor, within, worldAt } from "../model/samples.ts";

function matchesOf(table: AutomationTable, seen: Event) {
  const taken = { kind: "taken" as const, event: seen, takenAt: seen.received, rank: "r" };
  const outcome = match.process({ key: seen.id, state: null, input: taken }, worldAt(START, table));
  assert.equal(outcome.state, null);
  return outcome.emit.map((emission) => ({ ...emission, value: ofKind<Match>("match", emission.value) }));
}

const interested = (table: AutomationTable, seen: Event): readonly string[] =>
  matchesOf(table, seen).map(({ value }) => value.triggerId);

const isMatched = (trigger: Partial<EventTrigger>, seen: Event): boolean =>
  interested(tableFor(eventTrigger(trigger)), seen).length > 0;

describe("an event is of interest", () => {
  const order = event("e", 0, {
    event: "order.paid",
    resource: { "prefect.resource.id": "order.77", shop: "a" },
    related: [
      { "prefect.resource.id": "c.1", "prefect.resource.role": "customer", tier: "gold" },
      { "prefect.resource.id": "c.2", "prefect.resource.role": "customer", tier: "iron", city: "Bern" },
    ],
  });

  it("by its name, expected or starting; without expectations by any name", () => {
    assert.ok(isMatched({ expect: ["order.*"] }, order));
    assert.ok(isMatched({ expect: ["x"], after: ["order.paid"] }, order));
    assert.ok(isMatched({ expect: [] }, order));
    assert.ok(isMatched({ expect: [], after: ["other"] }, order));
    assert.ok(!isMatched({ expect: ["x"], after: ["other"] }, order));
  });

  it("by its own resource: every label, any of its patterns; a missing label fits nothing", () => {
    const byLabels = (labels: EventTrigger["match"]) => isMatched({ expect: [], match: labels }, order);
    assert.ok(byLabels({}));
    assert.ok(byLabels({ "prefect.resource.id": "order.*", shop: ["z", "a"] }));
    assert.ok(byLabels({ shop: ["!a", "!b"] }));
    assert.ok(!byLabels({ "prefect.resource.id": "order.*", shop: "b" }));
    assert.ok(!byLabels({ missing: "!b" }));
    assert.ok(!byLabels({ shop: [] }));
    assert.ok(!byLabels({ "prefect.resource.id": ["order.1", "order.2"] }));
  });

  it("by its related resources: each specification within one of them, never the primary one", () => {
    const byRelated = (specs: EventTrigger["matchRelated"]) =>
      isMatched({ expect: [], matchRelated: specs }, order);
    assert.ok(byRelated([]));
    assert.ok(byRelated([{}, { tier: "gold" }, { city: "Bern" }]));
    assert.ok(byRelated({ tier: "iron", city: "Bern" }));
    assert.ok(!byRelated({ tier: "gold", city: "Bern" }));
    assert.ok(!byRelated({ shop: "a" }));
    assert.ok(!byRelated([{ tier: "gold" }, { tier: "lead" }]));
  });

  it("but not to an automation that led to it (S15)", () => {
    const table = tableFor(eventTrigger({ expect: [] }));
    assert.deepEqual(interested(table, { ...order, causes: ["other"] }), ["t1"]);
    assert.deepEqual(interested(table, { ...order, causes: ["other", "of-t1"] }), []);
  });
});

describe("a match", () => {
  it("goes to the bucket of the for_each labels, sorted, empty where missing", () => {
    const trigger = eventTrigger({ forEach: ["zone", "related:customer:tier", "area"], threshold: 2 });
    const seen = event("e", 0, {
      resource: { "prefect.resource.id": "a", zone: "z" },
      related: [{ "prefect.resource.id": "c", "prefect.resource.role": "customer", tier: "gold" }],
    });
    const [found] = matchesOf(tableFor(trigger), seen);
    assert.deepEqual(found?.value.key, ["", "gold", "z"]);
    assert.equal(found?.key, 't1|["","gold","z"]');
    assert.equal(found?.value.revision, 7);
  });

  it("stays here where nothing is kept, goes to its resource's home, or gathers at its bucket's", () => {
    const homeOf = (trigger: Partial<EventTrigger>) =>
      matchesOf(tableFor(eventTrigger(trigger)), event("e", 0))[0]?.home;
    assert.equal(homeOf({}), null);
    assert.deepEqual(homeOf({ threshold: 2, forEach: ["a", "prefect.resource.id"] }), {
      of: "thing.1",
      gathers: false,
    });
    assert.deepEqual(homeOf({ within: within(5) }), { of: "t1|[]", gathers: true });
  });

  it("tells starts from expected ones", () => {
    const trigger = eventTrigger({ after: ["a", "both"], expect: ["x", "both"] });
    const flags = (name: string) => {
      const found = matchesOf(tableFor(trigger), event("e", 0, { event: name }))[0]?.value;
      return [found?.starts, found?.expected];
    };
    assert.deepEqual(flags("a"), [true, false]);
    assert.deepEqual(flags("x"), [false, true]);
    assert.deepEqual(flags("both"), [true, true]);
  });
});

describe("the index of triggers", () => {
  const names = fc.constantFrom("a", "ab", "abc", "b", "a*", "ab*", "*", "*b", "a*c", "[a]b", "a?");
  const labels = fc.constantFrom(
    "prefect.resource.id",
    "prefect.resource.role",
    "shop",
    "constructor",
    "__proto__",
  );
  const pattern = fc.constantFrom("r1", "r2", "r*", "!r1", "r[12]", "r3", "!r*", "");
  const spec = fc.dictionary(labels, fc.oneof(pattern, fc.array(pattern, { maxLength: 3 })), { maxKeys: 3 });
  const trigger = fc.record({
    expect: fc.array(names, { maxLength: 3 }),
    after: fc.array(names, { maxLength: 2 }),
    match: spec,
    matchRelated: fc.oneof(spec, fc.array(spec, { maxLength: 2 })),
  });
  const resource = fc.dictionary(labels, fc.constantFrom("r1", "r2", "r3", "q", "r[12]"), { maxKeys: 4 });
  const seenEvent = fc.record({
    event: fc.constantFrom("", "a", "ab", "abc", "abcc", "b", "c", "a?", "[a]b"),
    resource,
    related: fc.array(resource, { maxLength: 3 }),
    causes: fc.subarray(["of-c0", "of-c1", "other"]),
  });

  it("finds what asking every trigger would find, in the same order, for all events of a table", () => {
    const triggers = fc.array(trigger, { maxLength: 8 });
    fc.assert(
      fc.property(triggers, triggers, fc.array(seenEvent, { maxLength: 6 }), (some, others, events) => {
        const named = (of: string, all: typeof some): readonly EventTrigger[] =>
          all.map((more, i) => eventTrigger({ ...more, id: `${of}.${i}` }));
        const automations = { c0: named("c0", some), c1: named("c1", others) };
        const table = tableFor(
          ...Object.entries(automations).map(([id, children]) => compound(children, { id })),
        );
        for (const more of events) {
          const seen = event("e", 0, more);
          const asked = Object.entries(automations).flatMap(([id, children]) =>
            seen.causes.includes(`of-${id}`) ? [] : children.filter((one) => isAskedFor(one, seen)),
          );
          assert.deepEqual(
            interested(table, seen),
            asked.map((one) => one.id),
          );
        }
      }),
    );
  });
});

function isAskedFor(trigger: EventTrigger, seen: Event): boolean {
  const interest = interestOf(trigger);
  return (interest.isExpected(seen.event) || interest.isStart(seen.event)) && interest.concerns(seen);
}

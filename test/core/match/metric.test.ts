import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { interestOfMetric } from "../../../src/core/match/interest.ts";
import { match } from "../../../src/core/match/match.ts";
import { indexOf } from "../../../src/core/match/trigger-index.ts";
import type { Event } from "../../../src/core/model/event.ts";
import type { MetricTrigger, Trigger } from "../../../src/core/model/trigger.ts";
import { metricTrigger, stateEvent } from "../measure/story.ts";
import { compound, eventTrigger, START, tableFor, worldAt } from "../model/samples.ts";

const running = stateEvent("r1", "Running", {
  related: [
    {
      "prefect.resource.id": "prefect.deployment.d1",
      "prefect.resource.role": "deployment",
      "prefect.resource.name": "nightly",
    },
    { "prefect.resource.id": "prefect.flow.f1", "prefect.resource.role": "flow" },
  ],
});

function emissions(triggers: readonly Trigger[], seen: Event) {
  const input = { kind: "taken" as const, event: seen, takenAt: seen.received, rank: "r" };
  return match.process({ key: seen.id, state: null, input }, worldAt(START, tableFor(...triggers))).emit;
}

const isMatched = (more: Partial<MetricTrigger>, seen: Event): boolean =>
  emissions([metricTrigger({}, more)], seen).length > 0;

describe("a metric is interested", () => {
  it("in every event with a type of state, whatever its name", () => {
    assert.ok(isMatched({}, running));
    assert.ok(isMatched({}, { ...running, event: "prefect.flow-run.Loaded" }));
    assert.ok(!isMatched({}, { ...running, resource: { "prefect.resource.id": "prefect.flow-run.r1" } }));
  });

  it("in those alone whose resources are as it asks", () => {
    assert.ok(isMatched({ match: { "prefect.resource.id": "prefect.flow-run.*" } }, running));
    assert.ok(!isMatched({ match: { "prefect.resource.id": "prefect.task-run.*" } }, running));
    assert.ok(isMatched({ matchRelated: { "prefect.resource.name": "nightly" } }, running));
    assert.ok(!isMatched({ matchRelated: { "prefect.resource.name": "daily" } }, running));
  });

  it("but not in what its own automation led to (S15)", () => {
    assert.ok(!isMatched({}, { ...running, causes: ["of-m1"] }));
  });
});

describe("a match of a metric", () => {
  it("goes to the run's own state, where its events arrive", () => {
    const [found] = emissions([metricTrigger()], running);
    assert.deepEqual(
      [found?.to, found?.key, found?.home],
      ["measure", "m1|prefect.flow-run.r1", { of: "prefect.flow-run.r1", gathers: false }],
    );
  });

  it("stands in the order of the triggers", () => {
    const all = compound([metricTrigger({}, { id: "m" }), eventTrigger({ id: "e", expect: [] })]);
    assert.deepEqual(
      emissions([all], running).map(({ to }) => to),
      ["measure", "evaluate"],
    );
  });
});

describe("the index of metrics", () => {
  it("asks none of a thousand that want another deployment, by id or by name", () => {
    const of = (i: number): MetricTrigger["matchRelated"] =>
      i % 2 === 0
        ? [{ "prefect.resource.role": "deployment", "prefect.resource.id": `prefect.deployment.d${i}` }]
        : { "prefect.resource.name": [`n${i}`, `m${i}`] };
    const many = Array.from({ length: 1000 }, (_, i) =>
      metricTrigger(
        {},
        { id: `m${i}`, match: { "prefect.resource.id": "prefect.flow-run.*" }, matchRelated: of(i) },
      ),
    );
    assert.equal(indexOf(tableFor(...many)).candidates(running).length, 0);
  });

  it("asks none for an event without a state", () => {
    const index = indexOf(tableFor(metricTrigger()));
    const silent = { ...running, resource: { "prefect.resource.id": "host.a" } };
    assert.equal(index.candidates(silent).length, 0);
  });

  it("finds what asking every trigger would find, in the same order, whatever comes", () => {
    const values = fc.constantFrom("a", "b", "c", "a*", "!a", "[ab]");
    const labels = fc.constantFrom("prefect.resource.id", "prefect.resource.name", "prefect.resource.role");
    const specs = fc.dictionary(labels, fc.oneof(values, fc.array(values, { maxLength: 2 })), { maxKeys: 2 });
    const triggers = fc.array(
      fc.record({ match: specs, matchRelated: fc.oneof(specs, fc.array(specs, { maxLength: 2 })) }),
      { maxLength: 8 },
    );
    const resource = fc.dictionary(labels, fc.constantFrom("a", "b", "c"), { maxKeys: 3 });
    fc.assert(
      fc.property(triggers, resource, fc.array(resource, { maxLength: 3 }), (some, own, related) => {
        const all = some.map((more, i) => metricTrigger({}, { ...more, id: `m${i}` }));
        const seen = { ...running, resource: { ...running.resource, ...own }, related };
        const found = indexOf(tableFor(compound(all)))
          .candidates(seen)
          .filter(({ interest }) => interest.concerns(seen));
        assert.deepEqual(
          found.map(({ trigger }) => trigger.id),
          all.filter((one) => interestOfMetric(one).concerns(seen)).map(({ id }) => id),
        );
      }),
    );
  });
});

/** Why an event is not of interest: the rule it breaks, in words; silent exactly where match is not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { match, whyNot } from "../../../src/core/match/match.ts";
import type { Event } from "../../../src/core/model/event.ts";
import type { EventTrigger } from "../../../src/core/model/trigger.ts";
import { event, eventTrigger, START, tableFor, worldAt } from "../model/samples.ts";

const order = event("e", 0, {
  event: "order.paid",
  resource: { "prefect.resource.id": "order.77", env: "dev" },
  related: [{ "prefect.resource.id": "c.1", "prefect.resource.role": "customer", tier: "gold" }],
});

const said = (trigger: Partial<EventTrigger>, seen: Event = order): string | undefined =>
  whyNot(eventTrigger({ expect: ["order.*"], ...trigger }), seen)?.text;

describe("an event that is not of interest", () => {
  it("has a name that nobody asks for", () => {
    assert.equal(said({ expect: ["a", "b"] }), "name order.paid is not expected, expected one of a, b");
    assert.equal(said({ expect: ["a"], after: ["b"] }), "name order.paid is neither expected nor after");
  });

  it("has a label with another value, or lacks it", () => {
    assert.equal(said({ match: { env: "prod" } }), 'label env is "dev", expected one of prod');
    assert.equal(said({ match: { env: ["prod", "!d*"] } }), 'label env is "dev", expected one of prod, !d*');
    assert.equal(said({ match: { shop: "*" } }), "label shop is missing, expected one of *");
    assert.equal(said({ match: { env: [] } }), 'label env is "dev", and no value will do');
  });

  it("has no related resource as the trigger asks", () => {
    const asked = { "prefect.resource.role": "customer", tier: "iron" };
    const start = `no related resource has ${JSON.stringify(asked)}`;
    assert.equal(said({ matchRelated: asked }), `${start}: label tier is "gold", expected one of iron`);
    assert.equal(said({ matchRelated: asked }, { ...order, related: [] }), `${start}: there are 0`);
  });
});

describe("the reason", () => {
  const word = fc.constantFrom("a", "b", "a*", "!a", "*", "ab");
  const words = fc.array(word, { maxLength: 2 });
  const spec = fc.dictionary(fc.constantFrom("x", "y"), fc.oneof(word, words), { maxKeys: 2 });
  const labels = fc.record({ x: word, y: word }, { requiredKeys: [] });

  it("is given exactly for the events that match does not pass on", () => {
    fc.assert(
      fc.property(
        fc.record({ expect: words, after: words, match: spec, matchRelated: spec }),
        fc.record({ event: word, resource: labels, related: fc.array(labels, { maxLength: 2 }) }),
        (asked, { event: name, resource, related }) => {
          const trigger = eventTrigger(asked);
          const role = { "prefect.resource.id": "r", "prefect.resource.role": "role" };
          const seen = event("e", 0, {
            event: name,
            resource: { "prefect.resource.id": "r", ...resource },
            related: related.map((one) => ({ ...role, ...one })),
          });
          const input = { kind: "taken" as const, event: seen, takenAt: START, rank: "r" };
          const call = { key: "e", state: null, input };
          const { emit } = match.process(call, worldAt(START, tableFor(trigger)));
          assert.equal(whyNot(trigger, seen) === null, emit.length > 0);
        },
      ),
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { actionOutcomes, checkParameters } from "../../../src/core/act/act.ts";
import type { Deployment } from "../../../src/core/model/deployment.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { eventToJson } from "../../../src/core/model/event-reader.ts";
import type { Json, JsonObject } from "../../../src/core/model/json.ts";
import { at, automation, DEPLOYMENT, deployment, event, firing, runWith } from "./builders.ts";

const payload = { n: 1, f: 1.5, s: "str", l: [1, 2], d: { k: "v" }, none: null, t: true };
const variables: Readonly<Record<string, Json>> = {
  region: "eu",
  sekrit: "s3cret",
  "2_plus_2": "{{ (2 + 2) | tojson }}",
};

interface Setting {
  readonly event?: Event | null;
  readonly schema?: JsonObject;
  readonly defaults?: JsonObject;
}

/** What the run of an action with these parameters gets; a failed action's reason. */
function rendered(parameters: JsonObject, setting: Setting = {}): JsonObject | string {
  const to: Deployment = deployment({
    parameterSchema: setting.schema === undefined ? null : { type: "object", properties: setting.schema },
    parameters: setting.defaults ?? {},
  });
  const of = setting.event === undefined ? event({ payload }) : setting.event;
  const [outcome] = actionOutcomes(firing({ event: of }), automation({ actions: [runWith(parameters)] }), {
    deployments: new Map([[DEPLOYMENT, to]]),
    variables,
  });
  if (outcome?.outcome === "failed") return outcome.reason;
  return outcome?.run?.parameters ?? assert.fail("nothing to run");
}

const one = (value: Json, setting?: Setting): Json => {
  const all = rendered({ x: value }, setting);
  return typeof all === "string" ? all : (all["x"] ?? null);
};

const shown = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

describe("a parameter that is one tag and nothing else", () => {
  it("is the value itself", () => {
    assert.deepEqual(one("{{ event.payload }}"), payload);
    assert.deepEqual(
      ["n", "f", "t", "none", "l", "s"].map((name) => one(`{{ event.payload.${name} }}`)),
      [1, 1.5, true, null, [1, 2], "str"],
    );
    assert.equal(one("  {{event.payload.n}} \n"), 1);
    assert.equal(one("{{ event.payload.n + 1 }}"), 2);
    assert.equal(one("{{ event.payload.missing | default('d') }}"), "d");
    assert.equal(one("{{ 'y' if event.payload.t else 'n' }}"), "y");
  });

  it("is an id or a time as text, and null where there is nothing", () => {
    const seen = event({ occurred: at("2026-01-02T03:04:05.678901Z") });
    assert.equal(one("{{ event.id }}"), seen.id);
    assert.equal(one("{{ event.occurred }}", { event: seen }), "2026-01-02T03:04:05.678901Z");
    assert.equal(one("{{ automation.id }}"), automation().id);
    assert.equal(one("{{ event.payload.missing }}"), null);
    assert.equal(one("{{ anything }}"), null);
    assert.equal(one("{{ event.payload.n }}", { event: null }), null);
  });

  it("is the whole event as Prefect's API has it", () => {
    const seen = event({
      payload,
      occurred: at("2026-01-02T03:04:05Z"),
      received: at("2026-01-02T03:04:05Z"),
    });
    assert.deepEqual(one("{{ event }}", { event: seen }), eventToJson(seen));
    assert.deepEqual(one("{{ event.resource }}"), seen.resource);
    assert.deepEqual(one("{{ event.related }}"), []);
    assert.equal(
      shown(one("{{ event | tojson }}", { event: seen })).slice(0, 40),
      '{"event": "order.placed", "follows": nul',
    );
  });

  it("reaches labels step by step, also one that others begin with", () => {
    const resource = { "prefect.resource.id": "r", a: "1", "a.b": "2", "a.b.c": "3" };
    const seen = { event: event({ resource }) };
    assert.equal(one("{{ event.resource.labels.prefect.resource.id }}", seen), "r");
    assert.equal(one("{{ event.resource['a.b'] }}", seen), "2");
    assert.equal(one("{{ event.resource.a.b.c }}", seen), "3");
    assert.equal(one("{{ event.resource.a.b }}", seen), "2");
    assert.equal(one("{{ event.resource.a }}{{ event.resource.a.b }}", seen), "12");
    assert.equal(one("{{ labels.prefect.resource.id }}"), "order.77");
  });
});

describe("a parameter with tags among text", () => {
  it("is text", () => {
    const seen = event({ payload, occurred: at("2026-01-02T03:04:05.678901Z") });
    assert.equal(one("x{{ event.payload.none }}x{{ event.payload.t }}"), "xNonexTrue");
    assert.equal(one("x {{ event.payload.d }}"), "x {'k': 'v'}");
    assert.equal(one("x {{ event.occurred }}", { event: seen }), "x 2026-01-02 03:04:05.678901+00:00");
    assert.equal(
      one("{{ event.occurred.strftime('%Y/%m/%d %H:%M') }}.", { event: seen }),
      "2026/01/02 03:04.",
    );
    assert.equal(
      one("{{ event.occurred.year }}-{{ event.occurred.isoformat() }}", { event: seen }),
      "2026-2026-01-02T03:04:05.678901+00:00",
    );
    assert.equal(one("{{ event.event }}{{ event.event }}"), "order.placedorder.placed");
  });

  it("sees the firing, the variables and what the event says of Prefect's objects", () => {
    const seen = event({
      related: [
        {
          "prefect.resource.id": "prefect.flow-run.1",
          "prefect.resource.role": "flow-run",
          "prefect.resource.name": "owl",
        },
        { "prefect.resource.id": "prefect.flow.2", "prefect.resource.role": "flow" },
      ],
    });
    assert.equal(
      one("{{ flow_run.id }} {{ flow_run.name }} [{{ deployment.name }}]", { event: seen }),
      "1 owl []",
    );
    assert.equal(
      one("{{ firing.trigger.id }} {{ firing.trigger_states[0] }}"),
      `${firing().triggerId} Triggered`,
    );
    assert.equal(one("{{ variables.region }} {{ variables['region'] }}"), "eu eu");
    assert.equal(one("{{ events | length }} {{ firings | length }}"), "1 1");
    assert.equal(
      one("{{ event.resource_in_role['flow'].id }} {{ event.resources_in_role.flow | length }}", {
        event: seen,
      }),
      "prefect.flow.2 1",
    );
    assert.equal(
      one("{{ event.involved_resources | map(attribute='id') | join(' ') }}", { event: seen }),
      "order.77 prefect.flow-run.1 prefect.flow.2",
    );
  });
});

describe("templates in parameters", () => {
  it("are found in objects and lists, but in no list of a list, and in no key", () => {
    assert.deepEqual(
      rendered({ "{{ x }}": 1, a: { b: ["{{ event.payload.n }}", { c: "{{ 2 }}" }, ["{{ 3 }}"]] } }),
      {
        "{{ x }}": 1,
        a: { b: [1, { c: 2 }, ["{{ 3 }}"]] },
      },
    );
  });

  it("share what work an action may do", () => {
    const heavy =
      "{% for i in range(100) %}{% for j in range(100) %}{{ range(9)|length }}{% endfor %}{% endfor %}";
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`p${i}`, heavy]));
    assert.equal(typeof rendered({ x: heavy }), "object");
    assert.match(shown(rendered(many)), /Invalid jinja: the template takes too much work/);
  });

  it("fail the action with their place and all that is known", () => {
    assert.equal(
      rendered({ a: { b: ["{{ nope() }}"] } }),
      "Unable to create flow run from deployment: a.b.0: Invalid jinja: 'the value' is undefined",
    );
  });
});

describe("a `__prefect_kind`", () => {
  const kind = (name: string, fields: JsonObject): JsonObject => ({ __prefect_kind: name, ...fields });

  it("json gives what its text says, or the value itself", () => {
    assert.deepEqual(one(kind("json", { value: '{"a": [1]}' })), { a: [1] });
    assert.deepEqual(one(kind("json", { value: [kind("none", {})] })), [{ _prefect_kind: "none" }]);
    assert.deepEqual(
      one(kind("json", { value: kind("jinja", { template: "[{{ event.payload.n }}]" }) })),
      [1],
    );
    assert.deepEqual(rendered(kind("json", { value: '{"a":1}' })), { a: 1 });
    assert.match(shown(one(kind("json", { value: "{" }))), /x: Invalid JSON: \{/);
    assert.match(
      shown(rendered(kind("json", { value: "[]" }))),
      /the parameters are no object once they are rendered/,
    );
  });

  it("jinja gives text, whatever the template", () => {
    assert.equal(one(kind("jinja", { template: "{{ event.payload.n }}" })), "1");
    assert.equal(
      one(kind("jinja", { template: kind("workspace_variable", { variable_name: "2_plus_2" }) })),
      "4",
    );
    assert.equal(one(kind("jinja", { template: "{{ nope }}" })), "");
    assert.match(shown(one(kind("jinja", {}))), /x: Missing 'template' key in __prefect object/);
    assert.match(shown(one(kind("jinja", { template: 3 }))), /x: Invalid jinja: the template is no text/);
  });

  it("workspace_variable gives the variable", () => {
    assert.equal(one(kind("workspace_variable", { variable_name: "region" })), "eu");
    assert.equal(
      one(kind("workspace_variable", { variable_name: "nope" })),
      "Unable to create flow run from deployment: x: Variable 'nope' not found in workspace.",
    );
  });

  it("none gives its value, any other its value as it stands, and null where it has none", () => {
    assert.equal(one(kind("none", { value: "{{ event.payload.n }}" })), 1);
    assert.match(shown(one(kind("none", {}))), /x: Missing 'value' key in __prefect object/);
    assert.equal(one(kind("other", { value: "{{ 1 }}" })), "{{ 1 }}");
    assert.equal(one({ __prefect_kind: null }), null);
  });

  it("goes, with the place it stands at, where its value is missing", () => {
    assert.deepEqual(rendered({ a: kind("json", {}), b: [1, kind("workspace_variable", {}), 2] }), {
      b: [1, 2],
    });
  });
});

describe("what comes out of event data", () => {
  const evil = { __prefect_kind: "workspace_variable", variable_name: "sekrit" };
  const seen = event({ payload: { evil, text: "{{ variables.sekrit }}", json: JSON.stringify(evil) } });

  it("is data: no kind, here or for whoever gets it next", () => {
    const safe = { _prefect_kind: "workspace_variable", variable_name: "sekrit" };
    assert.deepEqual(one("{{ event.payload.evil }}", { event: seen }), safe);
    assert.deepEqual(
      one(
        { __prefect_kind: "json", value: { __prefect_kind: "jinja", template: "{{ event.payload.json }}" } },
        { event: seen },
      ),
      safe,
    );
    const all = JSON.stringify(rendered({ x: "{{ event }}", y: ["{{ event.payload }}"] }, { event: seen }));
    // In the text that the payload brings it is text, with its quotes escaped; a key it is nowhere.
    assert.doesNotMatch(all, /[^\\]"__prefect_kind/);
    assert.match(all, /[^\\]"_prefect_kind/);
  });

  it("is no template", () => {
    assert.equal(one("{{ event.payload.text }}", { event: seen }), "{{ variables.sekrit }}");
    assert.equal(one("x {{ event.payload.text }}", { event: seen }), "x {{ variables.sekrit }}");
  });

  it("cannot be nested until something breaks", () => {
    const deep = event({ payload: { s: "[".repeat(50_000) + "]".repeat(50_000) } });
    const template = {
      __prefect_kind: "json",
      value: { __prefect_kind: "jinja", template: "{{ event.payload.s }}" },
    };
    assert.match(shown(one(template, { event: deep })), /a value is nested too deeply/);
  });
});

describe("a parameter that the flow takes as text", () => {
  const schema = { x: { type: "string" }, y: { anyOf: [{ type: "string" }, { type: "null" }] } };

  it("gets a value as JSON text, and text as it is", () => {
    assert.equal(one("{{ event.payload.l }}", { schema }), "[1,2]");
    assert.equal(one("{{ event.payload.s }}", { schema }), "str");
    assert.deepEqual(JSON.parse(shown(one("{{ event }}", { schema }))), one("{{ event }}"));
    assert.deepEqual(rendered({ y: "{{ event.payload.n }}" }, { schema }), { y: "1" });
  });

  it("keeps what its author wrote out", () => {
    assert.deepEqual(rendered({ x: 3, y: { a: 1 } }, { schema }), { x: 3, y: { a: 1 } });
  });

  it("is told from one that takes numbers, too", () => {
    assert.equal(
      one("{{ event.payload.n }}", { schema: { x: { anyOf: [{ type: "string" }, { type: "integer" }] } } }),
      1,
    );
  });
});

describe("a deployment's own parameters", () => {
  it("lie under those of the action", () => {
    assert.deepEqual(rendered({ b: "{{ event.payload.n }}" }, { defaults: { a: "{{ x }}", b: 2 } }), {
      a: "{{ x }}",
      b: 1,
    });
  });
});

describe("parameters as they are defined", () => {
  const faults = (parameters: Json) =>
    checkParameters(parameters).map((fault) => `${fault.at.join(".")}: ${fault.message}`);

  it("are checked wherever templates stand, in lists too", () => {
    assert.deepEqual(
      faults({
        a: { b: "{{ x" },
        l: ["{% if %}", { c: "{{ a b }} " }],
        k: { __prefect_kind: "jinja" },
        t: { __prefect_kind: "jinja", template: "{{" },
        n: { __prefect_kind: "none" },
        j: { __prefect_kind: "json", value: "{" },
        w: { __prefect_kind: "json", value: { __prefect_kind: "jinja", template: 1 } },
        "{{": 1,
      }),
      [
        "a.b: Invalid jinja: unexpected end of template",
        "l.0: Invalid jinja: unexpected end of tag '%}', expected an expression",
        "l.1.c: Invalid jinja: unexpected 'b', expected the end of the tag",
        "k: Missing 'template' key in __prefect object",
        "t: Invalid jinja: unexpected end of template",
        "n: Missing 'value' key in __prefect object",
        "j: Invalid JSON: {",
        "w: Invalid jinja: the template is no text",
      ],
    );
  });

  it("may be anything that is no template", () => {
    assert.deepEqual(
      faults({ a: "{ x }", b: "{# x", c: [["{{"]], d: null, e: { __prefect_kind: "?", value: "{{" } }),
      [],
    );
  });
});

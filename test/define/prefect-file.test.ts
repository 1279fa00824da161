import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { formatFault } from "../../src/core/model/fault.ts";
import { deriveId } from "../../src/core/model/id.ts";
import { instant, seconds } from "../../src/core/model/time.ts";
import {
  applyBody,
  automationToJson,
  deploymentId,
  type PrefectFileOptions,
  parseApply,
  prefectFile,
  triggerArgument,
  triggerToAutomation,
} from "../../src/define/define.ts";

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, "fixtures", name), "utf8");
const now = instant(1_700_000_000_000_000);

function definitions(text: string, options?: PrefectFileOptions) {
  const read = prefectFile(text, options);
  return read.ok ? read.value : assert.fail(read.faults.map(formatFault).join("\n"));
}
function faults(text: string, options?: PrefectFileOptions): readonly string[] {
  const read = prefectFile(text, options);
  return read.ok ? [] : read.faults.map(formatFault);
}
function automations(text: string) {
  return definitions(text).flatMap((definition) =>
    definition.triggers.map((trigger) =>
      automationToJson(triggerToAutomation(trigger, { ofDeployment: deploymentId(definition), now })),
    ),
  );
}

describe("the prefect.yaml of the documentation with one event trigger", () => {
  it("makes the automation that Prefect's client posts", () => {
    const of = deriveId("deployment", "decorated-fn", "my-deployment");
    const id = deriveId("automation", of, "my-deployment__automation_1");
    assert.deepEqual(automations(fixture("event.prefect.yaml")), [
      {
        name: "my-deployment__automation_1",
        description: "",
        enabled: true,
        tags: [],
        trigger: {
          type: "event",
          id: deriveId("trigger", id),
          match: { "prefect.resource.id": "my.external.resource" },
          match_related: {},
          after: [],
          expect: ["external.resource.pinged"],
          for_each: [],
          posture: "Reactive",
          threshold: 1,
          within: 0,
        },
        actions: [
          {
            type: "run-deployment",
            source: "selected",
            deployment_id: of,
            parameters: { param_1: "{{ event }}" },
            job_variables: null,
            schedule_after: 0,
          },
        ],
        actions_on_trigger: [],
        actions_on_resolve: [],
        id,
        created: "2023-11-14T22:13:20Z",
        updated: "2023-11-14T22:13:20Z",
      },
    ]);
  });

  it("defines its deployment", () => {
    const [definition] = definitions(fixture("event.prefect.yaml"));
    const { triggers, ...rest } = definition ?? assert.fail();
    assert.equal(triggers.length, 1);
    assert.deepEqual(rest, {
      name: "my-deployment",
      flowName: "decorated-fn",
      entrypoint: "path/to/flow.py:decorated_fn",
      workPool: "my-work-pool",
      parameters: {},
      parameterSchema: null,
      tags: [],
      description: "",
    });
  });
});

describe("the prefect.yaml of the documentation with a delay", () => {
  it("runs its deployment two hours later", () => {
    const [definition] = definitions(fixture("schedule-after.prefect.yaml"));
    assert.equal(definition?.triggers[0]?.scheduleAfter, seconds(7200));
    assert.deepEqual(definition?.triggers[0]?.parameters, { campaign_id: "{{ event.resource.id }}" });
  });
});

describe("the prefect.yaml of the documentation with a compound trigger", () => {
  it("has its children, its parameters and its delay", () => {
    const [definition] = definitions(fixture("compound.prefect.yaml"));
    const [only] = definition?.triggers ?? [];
    assert.equal(only?.scheduleAfter, seconds(3600));
    assert.ok(only?.trigger.kind === "compound");
    assert.deepEqual(
      [only.trigger.require, only.trigger.within, only.trigger.triggers.length],
      ["all", null, 2],
    );
  });
});

describe("the triggers file of the documentation", () => {
  it("takes the place of the triggers in prefect.yaml", () => {
    const triggers = triggerArgument(fixture("triggers.yaml"), true);
    assert.ok(triggers.ok);
    const [definition] = definitions(fixture("compound.prefect.yaml"), { triggers: triggers.value });
    assert.deepEqual(
      definition?.triggers.map(({ name, trigger }) => [name, trigger.kind === "event" && trigger.expect]),
      [
        ["my-deployment__automation_1", ["external.resource.pinged"]],
        ["my-deployment__automation_2", ["some.other.event"]],
      ],
    );
  });

  it("may be one trigger as JSON", () => {
    const json = '{"enabled": true, "match": {"prefect.resource.id": "prefect.flow-run.*"}}';
    assert.deepEqual(triggerArgument(json, false), { ok: true, value: [JSON.parse(json)] });
    assert.deepEqual(triggerArgument("other: 1", true), { ok: true, value: [] });
    assert.equal(triggerArgument("triggers: 1", true).ok, false);
  });
});

describe("deployments in prefect.yaml", () => {
  const file = (triggers: string, head = "name: d\n    entrypoint: f.py:my_flow"): string =>
    `deployments:\n  - ${head}\n    triggers:\n${triggers.replace(/^/gm, "      ")}\n`;

  it("have names by position for triggers without one", () => {
    const text = file("- {}\n- { name: mine, description: why, enabled: no }\n- { triggers: [{}] }");
    assert.deepEqual(
      definitions(text)[0]?.triggers.map(({ name, enabled, trigger }) => [name, enabled, trigger.kind]),
      [
        ["d__automation_1", true, "event"],
        ["mine", false, "event"],
        ["d__automation_3", true, "sequence"],
      ],
    );
  });

  it("may share with anchors, aliases and merges", () => {
    const text = `x: &m { match: { a: b } }\n${file("- { <<: *m, name: p, expect: [x] }\n- *m")}`;
    const [definition] = definitions(text);
    assert.deepEqual(
      definition?.triggers.map(({ trigger }) => trigger.kind === "event" && [trigger.match, trigger.expect]),
      [
        [{ a: "b" }, ["x"]],
        [{ a: "b" }, []],
      ],
    );
  });

  it("take the names of their flows from their functions", () => {
    const flow = (entrypoint: string) =>
      definitions(file("[]", `name: d\n    entrypoint: ${entrypoint}`))[0]?.flowName;
    assert.equal(flow("a/b.py:my_flow"), "my-flow");
    assert.equal(flow("a/b.py:Flows.my_flow"), "my-flow");
    assert.equal(flow("pkg.module.my_flow"), "my-flow");
    assert.equal(flow("pkg.module:my_flow"), "my-flow");
    assert.equal(definitions(file("[]", "name: d\n    flow_name: given"))[0]?.flowName, "given");
  });

  const several =
    "deployments:\n  - { name: a, entrypoint: f.py:x }\n  - { name: b, entrypoint: f.py:y_z }\n";

  it("are chosen by name, or all of them", () => {
    const names = (options: PrefectFileOptions) => definitions(several, options).map(({ name }) => name);
    assert.deepEqual(
      [names({ names: ["b"] }), names({ names: ["y-z/b"] }), names({ all: true })],
      [["b"], ["b"], ["a", "b"]],
    );
    assert.deepEqual(faults(several), [
      "deployments: say which deployment is meant, or all of them; there are: a, b",
    ]);
    assert.deepEqual(faults(several, { names: ["c"] }), [
      "deployments: no deployment is named 'c'; there are: a, b",
    ]);
    assert.deepEqual(faults("deployments: []"), ["deployments: there is no deployment in this file"]);
  });

  it("are told all their faults at once, each with its place and what was expected", () => {
    const text = file(
      "- { posture: reactive, within: soon }\n" +
        "- { type: compound, require: 3, triggers: [{ threshold: x }] }\n" +
        "- { name: d__automation_1, schedule_after: -1, parameters: { a: ['{{ x'] } }\n" +
        "- { type: nope }\n- 7",
      "entrypoint: nowhere\n    tags: x",
    );
    assert.deepEqual(faults(text), [
      'deployments[0].entrypoint: expected a function, as path/to/flow.py:function; found "nowhere"',
      "deployments[0].name: this must be given",
      'deployments[0].tags: expected a list; found "x"',
      'deployments[0].triggers[0].posture: expected Reactive or Proactive; found "reactive"',
      'deployments[0].triggers[0].within: expected a duration such as 60, PT2H or 01:30:00; found "soon"',
      'deployments[0].triggers[1].triggers[0].threshold: expected a whole number; found "x"',
      "deployments[0].triggers[1].require: require must be less than or equal to the number of triggers",
      "deployments[0].triggers[2].parameters.a[0]: Invalid jinja: unexpected end of template",
      "deployments[0].triggers[2].schedule_after: schedule_after must be non-negative",
      'deployments[0].triggers[3].type: expected event, metric, compound or sequence; found "nope"',
      "deployments[0].triggers[4]: expected a mapping; found 7",
    ]);
  });

  it("have different names", () => {
    const one = "  - { name: a, entrypoint: f.py:x }\n";
    assert.deepEqual(faults(`deployments:\n${one}  - { name: b }\n${one}`, { all: true }), [
      "deployments[1].entrypoint: this must be given, as path/to/flow.py:function: the flow takes its name from the function",
      "deployments[2].name: x/a is deployments[0] already",
    ]);
  });

  it("have triggers of different names", () => {
    assert.deepEqual(faults(file("- {}\n- { name: d__automation_1 }")), [
      "deployments[0].triggers[1].name: 'd__automation_1' is the name of triggers[0] already",
    ]);
  });

  it("need a function to take the flow's name from", () => {
    assert.deepEqual(faults(file("[]", "name: d")), [
      "deployments[0].entrypoint: this must be given, as path/to/flow.py:function: the flow takes its name from the function",
    ]);
  });
});

describe("a prefect.yaml that is no good YAML", () => {
  it("is told the line", () => {
    assert.deepEqual(
      faults("deployments:\n  - name: a\n   b: [\n")
        .map((text) => text.slice(0, 6))
        .slice(0, 1),
      ["line 3"],
    );
    assert.match(faults("a: 1\nb: 2\na: 3\n")[0] ?? "", /^line 3: Map keys must be unique/);
    assert.deepEqual(faults("b: 1\na: *nope\n"), ["line 2: there is no anchor 'nope' before this"]);
  });

  it("is told once of what the parser says again and again", () => {
    assert.ok(faults(`a: ${"[".repeat(20_000)}`).length < 5);
    assert.deepEqual(faults("a: 1\n---\nb: 1\n"), ["line 2: Source contains multiple documents"]);
  });

  it("is no mapping, or says nothing of deployments", () => {
    assert.deepEqual(faults("- 1"), ["expected a mapping with `deployments:`; found a list"]);
    assert.deepEqual(faults("a: 1"), ["deployments: this must be given"]);
    assert.deepEqual(faults(""), ["the file is empty"]);
  });

  it("does not grow beyond measure", () => {
    const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 9; i++)
      bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(", ")}]`);
    assert.match(faults(bomb.join("\n"))[0] ?? "", /^aliases expand to more than they may/);
    assert.match(faults("a: &a [*a]")[0] ?? "", /^line 1: an alias stands within what it stands for/);
    assert.match(
      faults(`a: ${"[".repeat(150)}${"]".repeat(150)}`)[0] ?? "",
      /^nested deeper than 100 levels/,
    );
    assert.match(faults("a".repeat(1_000_001))[0] ?? "", /^the file is longer than 1000000 characters/);
  });
});

describe("what the command line sends of a prefect.yaml", () => {
  it("is read by the gateway as the same deployments and automations", () => {
    for (const name of ["event", "schedule-after", "compound"]) {
      const text = fixture(`${name}.prefect.yaml`);
      const sent: unknown = JSON.parse(JSON.stringify(applyBody(definitions(text))));
      const applied = parseApply(sent, now);
      assert.ok(applied.ok, name);
      assert.deepEqual(
        applied.value.flatMap(({ automations: made }) => made.map(automationToJson)),
        automations(text),
      );
      const [definition] = definitions(text);
      assert.deepEqual(applied.value[0]?.deployment, {
        id: deploymentId(definition ?? assert.fail()),
        name: definition?.name,
        flowName: definition?.flowName,
        entrypoint: definition?.entrypoint,
        workPool: "my-work-pool",
        parameters: {},
        parameterSchema: null,
        tags: [],
        description: "",
        created: now,
        updated: now,
      });
    }
  });

  const applied = (body: unknown): readonly string[] => {
    const read = parseApply(body, now);
    return read.ok ? [] : read.faults.map(formatFault);
  };

  it("is refused whole, with every fault, when anything in it is wrong", () => {
    const good = { name: "a", flow_name: "f" };
    assert.deepEqual(applied({}), ["deployments: Field required"]);
    assert.deepEqual(applied({ deployments: [{}, { ...good, triggers: [{ within: -1 }] }, 1] }), [
      "deployments[0].flow_name: Field required",
      "deployments[0].name: Field required",
      "deployments[1].triggers[0].within: Input should be greater than or equal to 0 seconds",
      "deployments[2]: Input should be a valid dictionary or object to extract fields from",
    ]);
    assert.deepEqual(applied({ deployments: [good, { ...good }] }), [
      "deployments[1].name: Value error, f/a is deployments[0] already",
    ]);
    const looping = { ...good, triggers: [{ expect: ["prefect.flow-run.Running"] }] };
    assert.match(
      applied({ deployments: [looping] })[0] ?? "",
      /^deployments\[0\]\.triggers\[0\]: Value error, Running a selected deployment/,
    );
    const deep: unknown = JSON.parse("[".repeat(150) + "]".repeat(150));
    assert.deepEqual(applied({ deployments: [{ ...good, parameters: { deep } }] }), [
      "Value error, nested deeper than 100 levels",
    ]);
  });
});

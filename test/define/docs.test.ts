/** What the documentation of triggers shows is read by the readers it is written for; its table of templates is rendered. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { DEFAULT_LIMITS, readEvent } from "../../src/core/model/event-reader.ts";
import { deriveId } from "../../src/core/model/id.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/model/json.ts";
import { fromMillis } from "../../src/core/model/time.ts";
import { parseAutomation, prefectFile, triggerArgument } from "../../src/define/define.ts";
import { replay } from "../oracle/replay.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const NOW = fromMillis(Date.UTC(2026, 0, 1, 9));
const text = readFileSync(join(DOCS, "triggers.md"), "utf8");

const blocks = (language: string): readonly { readonly line: number; readonly code: string }[] =>
  Array.from(text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms")), (found) => ({
    line: text.slice(0, found.index).split("\n").length,
    code: found[1] ?? "",
  }));

/** The faults of a prefect.yaml, or of a file of triggers; none where it is right. */
function faultsOfYaml(code: string): unknown {
  const content: Json = parse(code);
  if (isJsonObject(content) && content["deployments"] !== undefined) return faultsOf(prefectFile(code));
  const triggers = triggerArgument(code, true);
  assert(triggers.ok && triggers.value.length > 0, "neither deployments nor triggers");
  const file = "deployments: [{ name: documented, entrypoint: 'flow.py:flow' }]";
  return faultsOf(prefectFile(file, { triggers: triggers.value }));
}

function faultsOfJson(code: string): unknown {
  const body: JsonObject = JSON.parse(code);
  if (body["trigger"] === undefined)
    return faultsOf(readEvent(body, { received: NOW, id: () => "", limits: DEFAULT_LIMITS }));
  return faultsOf(parseAutomation(body, { id: deriveId("documented"), now: NOW }));
}

const faultsOf = (read: { readonly ok: boolean; readonly faults?: unknown }): unknown => read.faults ?? [];

describe("docs/triggers.md", () => {
  for (const { line, code } of blocks("yaml")) {
    it(`shows YAML that is read, at line ${line}`, () => assert.deepEqual(faultsOfYaml(code), []));
  }

  for (const { line, code } of blocks("json")) {
    it(`shows JSON that is read, at line ${line}`, () => assert.deepEqual(faultsOfJson(code), []));
  }

  it("says what templates yield", () => {
    const rows = Array.from(
      text.matchAll(/^\| `(.*?\{[{%].*?)`\s*\| `(.*?)`\s*\|$/gm),
      ([, template, yields]) => [template ?? "", yields ?? ""],
    );
    assert.ok(rows.length > 15, "no table of templates");
    const shown = blocks("json").find(({ code }) => code.includes('"occurred"'));
    const event: JsonObject = JSON.parse(shown?.code ?? "{}");
    assert.deepEqual(
      rendered(
        event,
        rows.map(([template]) => template ?? ""),
      ),
      rows.map(([, yields]) => yields),
    );
  });

  it("links to files that are there", () => {
    const links = Array.from(text.matchAll(/\]\(([^)#]+)/g), ([, target]) => target ?? "");
    assert.deepEqual(
      links.filter((target) => !existsSync(join(DOCS, target))),
      [],
    );
  });

  it("is illustrated by examples that are read", () => {
    const folder = join(DOCS, "examples");
    for (const name of readdirSync(folder)) {
      const code = readFileSync(join(folder, name), "utf8");
      assert.deepEqual(name.endsWith(".json") ? faultsOfJson(code) : faultsOfYaml(code), [], name);
    }
  });
});

/** What each template yields as a parameter, as JSON. */
function rendered(event: JsonObject, templates: readonly string[]): readonly string[] {
  const start = "2026-01-01T08:00:00Z";
  const automation = {
    id: deriveId("documented"),
    name: "documented",
    trigger: { posture: "Reactive", for_each: ["team"] },
    actions: [
      {
        type: "run-deployment",
        deployment_id: deriveId("documented"),
        parameters: Object.fromEntries(templates.map((template, i) => [`p${i}`, template])),
      },
    ],
  };
  const { firings } = replay({
    name: "documented",
    given: { start, automations: [automation], script: [{ at: "2026-01-01T09:00:01Z", event }] },
    expected: { firings: [], rejected: [] },
  });
  const actions: Json = JSON.parse(JSON.stringify(firings[0]?.["actions"] ?? []));
  const [action] = Array.isArray(actions) ? actions : [];
  const parameters = isJsonObject(action) && isJsonObject(action["parameters"]) ? action["parameters"] : {};
  return templates.map((_, i) => JSON.stringify(parameters[`p${i}`]));
}

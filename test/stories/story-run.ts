/** Tells a story to the core, and to tasks on a broker in memory; gives the runs that followed. */
import assert from "node:assert/strict";
import type { Automation } from "../../src/core/model/automation.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/model/json.ts";
import { formatInstant, type Instant, instant, plus, seconds } from "../../src/core/model/time.ts";
import { parseAutomation } from "../../src/define/define.ts";
import { readTime } from "../oracle/bodies.ts";
import type { Case } from "../oracle/case.ts";
import { replay } from "../oracle/replay.ts";
import { onTasks } from "../simulation/on-tasks.ts";
import { asText, type Step } from "../simulation/timeline.ts";
import { type Body, type Expected, type Run, type Story, type ToldLine, textOf } from "./story.ts";
import { automationIdOf, deploymentIdOf } from "./story-automation.ts";
import { byWords } from "./story-lines.ts";

/** By the replay driver, which conformance cases are run by. */
export function tellCore(story: Story): readonly Run[] {
  const { firings, rejected } = replay(caseOf(story));
  assert.deepEqual(rejected, [], `${story.file}: an automation is refused: ${refusals(story).join("; ")}`);
  return firings.flatMap((firing) =>
    listOf(firing["actions"]).map((action) =>
      runOf(story, {
        triggered: readTime(firing["triggered"]),
        labels: objectOf(firing["triggering_labels"]),
        eventId: firing["triggering_event_id"],
        deploymentId: action["deployment_id"],
        parameters: action["parameters"] ?? {},
        due: readTime(action["scheduled_time"] ?? firing["triggered"]),
      }),
    ),
  );
}

/** By so many evaluator tasks; with the runs, all firings as text. */
export async function tellTasks(
  story: Story,
  partitions: number,
): Promise<{ readonly runs: readonly Run[]; readonly firings: readonly string[] }> {
  const { start, end } = story;
  const all = timelineOf(story);
  const { firings, commands } = await onTasks({ start, end, ...all }, { partitions });
  const byId = new Map<string, Firing>(firings.map((firing) => [firing.id, firing]));
  const runs = commands.map((command) => {
    const firing = byId.get(command.firingId) ?? assert.fail("a run without its firing");
    return runOf(story, {
      triggered: command.triggered,
      labels: firing.labels,
      eventId: firing.event?.id ?? null,
      deploymentId: command.deploymentId,
      parameters: command.parameters,
      due: plus(command.triggered, command.scheduleAfter),
    });
  });
  return { runs, firings: asText(firings) };
}

/** What was not told although it happened, and the other way round; each with its place. */
export function differences(
  { file, runs: told, runsLine }: Story,
  happened: readonly Run[],
): readonly string[] {
  const left = [...happened];
  const missing = told.filter((expected) => {
    const found = left.findIndex((run) => isAsTold(run, expected));
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
  return [
    ...missing.map(({ line, text }) => `${file}:${line}: did not happen: ${text}`),
    ...left.map(
      (run) =>
        `${file}:${runsLine}: happened, and is not told: ${JSON.stringify({ ...run, at: formatInstant(run.at) })}`,
    ),
  ];
}

function isAsTold(run: Run, told: Expected): boolean {
  return (
    run.at === told.at &&
    run.deployment === told.deployment &&
    run.key === told.key &&
    (told.by === null || run.by === told.by) &&
    (told.after === null || run.after === told.after) &&
    (told.parameters === undefined || JSON.stringify(run.parameters) === JSON.stringify(told.parameters))
  );
}

interface Raw {
  readonly triggered: Instant;
  readonly labels: JsonObject;
  readonly eventId: Json | undefined;
  readonly deploymentId: Json | undefined;
  readonly parameters: Json;
  readonly due: Instant;
}

function runOf(story: Story, { triggered, labels, eventId, deploymentId, parameters, due }: Raw): Run {
  const deployments = story.runs.map(({ deployment }) => deployment);
  const values = Object.keys(labels)
    .toSorted()
    .map((label) => labels[label]);
  const paying = story.told.find((line) => line.kind === "event" && line.event.id === eventId);
  return {
    at: triggered,
    deployment: deployments.find((name) => deploymentIdOf(name) === deploymentId) ?? textOf(deploymentId),
    key: values.map((value) => (value === "" ? "(none)" : textOf(value))).join(", "),
    by:
      paying?.kind === "event"
        ? byWords(paying.event.event, paying.at)
        : eventId === null
          ? "nothing"
          : textOf(eventId),
    after: seconds((due - triggered) / 1_000_000),
    parameters,
  };
}

function caseOf({ title, start, automations, told }: Story): Case {
  const script = told.map((line) => ({ at: formatInstant(line.at), ...stepOf(line) }));
  return {
    name: title,
    given: {
      start: formatInstant(start),
      automations: automations.map(({ body }) => body),
      script,
      options: { feedback: true },
    },
    expected: { firings: [], rejected: [] },
  };
}

function stepOf(line: ToldLine) {
  switch (line.kind) {
    case "event":
      return { event: line.body };
    case "silence":
    case "down":
    case "up":
      return { advance: true as const };
    case "update":
      return { upsert_automation: line.automation.body };
    case "disable":
      return { disable: automationIdOf(line.name) };
    case "enable":
      return { enable: automationIdOf(line.name) };
    case "delete":
      return { delete: automationIdOf(line.name) };
  }
}

function timelineOf({ start, automations, told }: Story) {
  const known = new Map<string, Automation>();
  const define = (body: Body, updated: Instant): void => {
    const created = known.get(body.name)?.created ?? instant(updated + known.size);
    known.set(body.name, automationOf(body, created, updated));
  };
  for (const body of automations) define(body, start);
  const first = [...known.values()];
  const steps = told.flatMap((line): readonly Step[] => {
    const { at } = line;
    if (line.kind === "silence") return [];
    if (line.kind === "event") return [{ kind: "event", at, event: line.event }];
    if (line.kind === "down" || line.kind === "up") return [{ kind: line.kind, at }];
    if (line.kind === "update") define(line.automation, at);
    else if (line.kind === "delete") known.delete(line.name);
    else {
      const one = known.get(line.name);
      if (one !== undefined) known.set(line.name, { ...one, enabled: line.kind === "enable" });
    }
    return [{ kind: "redefine", at, automations: [...known.values()] }];
  });
  return { automations: first, steps };
}

function automationOf({ body }: Body, created: Instant, updated: Instant): Automation {
  const read = parseAutomation(body, { id: textOf(body["id"]), now: updated, created, fixedIds: true });
  return read.ok ? read.value : assert.fail(JSON.stringify(read.faults));
}

function refusals({ automations, told, start }: Story): readonly string[] {
  const updates = told.flatMap((line) => (line.kind === "update" ? [line.automation] : []));
  return [...automations, ...updates].flatMap(({ body }) => {
    const read = parseAutomation(body, { id: textOf(body["id"]), now: start, fixedIds: true });
    return read.ok ? [] : read.faults.map(({ at, message }) => `${at.join(".")}: ${message}`);
  });
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const listOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

/** `tripline replay`: what automations would have done with events of the past, or with the timelines of conformance cases. */
import { readFile } from "node:fs/promises";
import { isJsonObject } from "../../../core/model/json.ts";
import type { Instant } from "../../../core/model/time.ts";
import { automationsFile, type Definitions } from "../../../define/define.ts";
import { actionsJson, type Explained, explain } from "../../../runtime/replay/replay.ts";
import type { Out } from "../../out.ts";
import type { Screen } from "../../screen.ts";
import type { Settings } from "../../settings.ts";
import { readVariables, VariablesError } from "../../variables.ts";
import { answerCase, CaseError } from "./cases.ts";
import { faultsOf, timeOf } from "./event-line.ts";
import { selectTrigger } from "./selection.ts";
import { ExplanationText, explainedJson, firedJson, firingRows, RunningTable } from "./telling.ts";
import { type Listener, runTimeline, summaryText } from "./timeline.ts";

export interface ReplayFlags {
  /** A file of conformance cases; goes without all the others. */
  readonly cases?: string;
  readonly automations?: string;
  readonly events?: string;
  readonly until?: string;
  readonly variables?: string;
  readonly feedback: boolean;
  readonly json?: boolean;
  /** The trigger to be explained; `true`: the only one there is. */
  readonly explain?: string | true;
  readonly key?: readonly string[];
}

interface Surroundings {
  readonly out: Out;
  readonly screen: Screen | null;
}

export async function replay(settings: Settings, around: Surroundings, flags: ReplayFlags): Promise<void> {
  const { out } = around;
  try {
    if (flags.cases !== undefined) await replayCases(flags.cases, out);
    else await replayEvents(settings, around, flags);
  } catch (error) {
    if (isFileError(error)) {
      const reason = error.code === "ENOENT" ? "there is no such file" : error.message;
      out.fail(`${error.path ?? "the file"}: ${reason}`);
    } else if (error instanceof VariablesError) out.fail(error.message);
    else throw error;
  }
}

const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && "code" in error;

async function replayCases(path: string, out: Out): Promise<void> {
  const cases = listOf(await readFile(path, "utf8"));
  if (cases === null) {
    out.fail(`${path}: expected a JSON array of cases`);
    return;
  }
  for (const one of cases) {
    const name = isJsonObject(one) && typeof one["name"] === "string" ? one["name"] : null;
    try {
      out.print(JSON.stringify({ name, ...answerCase(isJsonObject(one) ? one["given"] : undefined) }));
    } catch (error) {
      // One broken case says nothing about the others.
      const reason = error instanceof CaseError ? error.message : unexpected(error);
      out.print(JSON.stringify({ name, error: reason }));
      out.fail(`${name ?? "a case without a name"}: ${reason}`);
    }
  }
}

const unexpected = (error: unknown): string =>
  `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;

function listOf(text: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

async function replayEvents(
  settings: Settings,
  { out, screen }: Surroundings,
  flags: ReplayFlags,
): Promise<void> {
  const { automations, events } = flags;
  const until = untilOf(flags, out);
  if (automations === undefined || events === undefined) {
    out.fail("replay needs --automations FILE and --events FILE, or --cases FILE", 2);
    return;
  }
  if (until === undefined) return;
  const definitions = await readDefinitions(automations, out);
  if (definitions === null) return;
  const listener =
    flags.explain === undefined ? firingsTold(out, flags) : explanationTold(out, flags, definitions);
  if (listener === null) return;
  const { variables } = flags;
  const summary = await runTimeline(
    {
      definitions,
      events,
      variables:
        variables === undefined
          ? await readVariables(settings.variables)
          : await readVariables(variables, "--variables"),
      until,
      feedback: flags.feedback,
      screen,
    },
    { ...listener, badLine: (problem) => out.note(`${events}: ${problem}`) },
  );
  listener.end(summary.firings);
  out.note(summaryText(summary));
  if (summary.badLines > 0) out.fail(`${summary.badLines} lines of ${events} are no events.`);
}

/** Undefined where it is no time, which has been told then. */
function untilOf({ until }: ReplayFlags, out: Out): Instant | null | undefined {
  if (until === undefined) return null;
  const read = timeOf(until);
  if (read.ok) return read.value;
  out.fail(faultsOf(read), 2);
  return undefined;
}

/** Null where the file cannot be used, which has been told then. */
async function readDefinitions(path: string, out: Out): Promise<Definitions | null> {
  const read = automationsFile(await readFile(path, "utf8"));
  if (!read.ok) {
    out.fail(read.faults.map((fault) => `${path}: ${faultsOf({ ok: false, faults: [fault] })}`).join("\n"));
    return null;
  }
  const { automations } = read.value;
  const off = automations.filter(({ enabled }) => !enabled);
  for (const { name } of off) out.note(`${path}: '${name}' is disabled and sees nothing`);
  if (automations.length === 0) out.note(`${path}: there is no automation in this file`);
  return read.value;
}

interface Teller extends Omit<Listener, "badLine"> {
  /** Prints what has been held back. */
  end(firings: number): void;
}

function firingsTold(out: Out, { json = false }: ReplayFlags): Teller {
  const rows = new RunningTable((text) => out.print(text));
  return {
    fired: (fired, { tables }) => {
      const actions = actionsJson(fired.firing, fired.automation, tables);
      if (json) out.print(JSON.stringify(firedJson(fired, actions)));
      else rows.add(firingRows(fired, actions));
    },
    end: (firings) => {
      rows.flush();
      if (firings === 0 && !json) out.print("Nothing fired.");
    },
  };
}

/** Null where it is not clear which trigger is meant, which has been told then. */
function explanationTold(out: Out, flags: ReplayFlags, { automations }: Definitions): Teller | null {
  const { explain: selector, key, json = false } = flags;
  const selected = selectTrigger(automations, typeof selector === "string" ? selector : null);
  if (!selected.ok) {
    const { problem, choices } = selected;
    out.fail([`--explain: ${problem}; there are:`, ...choices.map((one) => `  ${one}`)].join("\n"), 2);
    return null;
  }
  const text = new ExplanationText();
  const isAsked = (told: Explained): boolean =>
    key === undefined || told.key.length === 0 || JSON.stringify(told.key) === JSON.stringify(key);
  return {
    fired: () => {},
    observe: (seen) => {
      for (const told of explain(selected.placed, seen).filter(isAsked)) {
        if (json) out.print(JSON.stringify(explainedJson(told)));
        else for (const line of text.lines(told)) out.print(line);
      }
    },
    end: () => {},
  };
}

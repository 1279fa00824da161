/** How the parts are joined: the text of a topology in, checked data out. Runs nothing. */
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { bad, type Fault, good, type Result } from "../core/model/fault.ts";
import { faultsOf } from "./checks.ts";
import type { Known, Role, Step, Topic, Topology } from "./parts.ts";
import { type File, type FileStep, type FileTopic, fileShape } from "./shape.ts";

export { describe, mermaid } from "./describe.ts";
export type { Known, Role, Topic, Topology } from "./parts.ts";

/**
 * Reads a topology from YAML. What cannot be read at all, or has the wrong shape, is told first; then everything that
 * does not fit, at once: `roles.dispatcher.dispatch: reads run-command, but 'firings' carries firing`.
 */
export function loadTopology(text: string, known: Known): Result<Topology> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) return bad(document.errors.map(syntaxFault));

  const shaped = fileShape.safeParse(document.toJS());
  if (!shaped.success) return bad(shaped.error.issues.map(shapeFault));

  const topology = topologyOf(shaped.data);
  const faults = faultsOf(topology, known);
  return faults.length > 0 ? bad(faults) : good(topology);
}

/** The JSON Schema of topology files, for editors. */
export const topologySchema = (): object => z.toJSONSchema(fileShape, { io: "input", target: "draft-7" });

function syntaxFault(error: { readonly message: string }): Fault {
  const [message = ""] = error.message.split("\n");
  return { at: [], type: "yaml_error", message: message.replace(/:$/, "") };
}

const shapeFault = (issue: z.core.$ZodIssue): Fault => ({
  at: issue.path.map((step) => (typeof step === "number" ? step : String(step))),
  type: issue.code,
  message: issue.message,
});

function topologyOf({ name, about, topics, roles }: File): Topology {
  return {
    name,
    about,
    topics: mapped(topics, topicOf),
    roles: mapped(roles, roleOf),
  };
}

const mapped = <In, Out>(
  named: Readonly<Record<string, In>>,
  to: (name: string, value: In) => Out,
): Record<string, Out> =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [name, to(name, value)]));

const topicOf = (name: string, topic: FileTopic): Topic => ({
  ...topic,
  name,
  keep: keepOf(topic.keep),
  format: topic.format ?? (topic.internal ? "avro" : "json"),
});

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function keepOf(keep: string): Topic["keep"] {
  if (keep === "latest") return keep;
  return { ms: Number(keep.slice(0, -1)) * (UNIT_MS[keep.slice(-1)] ?? 0) };
}

function roleOf(name: string, { about, changelog, ...steps }: File["roles"][string]): Role {
  return { name, about, changelog: changelog ?? null, steps: ordered(Object.entries(steps).map(stepOf)) };
}

function stepOf([name, step]: readonly [string, FileStep]): Step {
  return {
    name,
    from: listOf(step.from),
    rekey: step.rekey ?? null,
    via: step.via ?? null,
    store: step.store ?? null,
    tables: listOf(step.table),
    to: listOf(step.to),
    edge: step.edge ?? null,
  };
}

const listOf = (names: string | readonly string[]): readonly string[] =>
  typeof names === "string" ? [names] : names;

/** Each step after those it reads from, otherwise as written; what goes round in circles comes last. */
function ordered(steps: readonly Step[]): readonly Step[] {
  const placed: Step[] = [];
  const names = new Set(steps.map(({ name }) => name));
  for (let left = steps; left.length > 0; ) {
    const isPlaced = (name: string): boolean => !names.has(name) || placed.some((step) => step.name === name);
    const next = left.find((step) => step.from.every(isPlaced));
    if (next === undefined) return [...placed, ...left];
    placed.push(next);
    left = left.filter((step) => step !== next);
  }
  return placed;
}

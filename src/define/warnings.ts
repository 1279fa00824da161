/** What Prefect takes without a word, and its author hardly meant: keys that nobody knows, triggers on everything. */
import type { Fault } from "../core/model/fault.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../core/model/json.ts";
import { type Place } from "./reader.ts";

const MATCHING = ["match", "match_related"];
const METRIC = ["name", "operator", "threshold", "range", "firing_for"];
const OF_DEPLOYMENT = ["name", "description", "enabled", "parameters", "job_variables", "schedule_after"];
const KEYS: Readonly<Record<string, readonly string[]>> = {
  event: [...MATCHING, "after", "expect", "for_each", "posture", "threshold", "within"],
  metric: [...MATCHING, "posture", "metric"],
  compound: ["triggers", "within", "require", "correlate"],
  sequence: ["triggers", "within", "correlate"],
};

/** Of triggers as prefect.yaml and trigger files have them; none of these keeps anything from being deployed. */
export const triggerWarnings = (triggers: Json | undefined, at: Place): readonly Fault[] =>
  each(triggers, at, OF_DEPLOYMENT);

const each = (triggers: Json | undefined, at: Place, more: readonly string[]): readonly Fault[] =>
  triggers === undefined || !isJsonList(triggers)
    ? []
    : triggers.flatMap((trigger, i) => (isJsonObject(trigger) ? ofTrigger(trigger, [...at, i], more) : []));

function ofTrigger(trigger: JsonObject, at: Place, more: readonly string[]): readonly Fault[] {
  const kind = kindOf(trigger);
  const keys = KEYS[kind];
  // A type that there is not is a fault, and told as one.
  if (keys === undefined) return [];
  const metric = trigger["metric"];
  return [
    ...unknown(trigger, ["type", "id", ...keys, ...more], at),
    ...(kind === "metric" && isJsonObject(metric) ? unknown(metric, METRIC, [...at, "metric"]) : []),
    ...(kind === "event" ? everyEvent(trigger, at) : []),
    ...each(trigger["triggers"], [...at, "triggers"], []),
  ];
}

function kindOf(trigger: JsonObject): string {
  const { type, triggers, require, posture } = trigger;
  if (type !== undefined) return typeof type === "string" ? type : "";
  if (triggers !== undefined) return require === undefined ? "sequence" : "compound";
  return posture === "Metric" ? "metric" : "event";
}

function everyEvent(trigger: JsonObject, at: Place): readonly Fault[] {
  if (["expect", "after", ...MATCHING].some((key) => isSaid(trigger[key]))) return [];
  const then = trigger["posture"] === "Proactive" ? "every event counts as expected" : "fires on every event";
  return [warning(at, `there is no expect, match or after: ${then}`)];
}

const isSaid = (value: Json | undefined): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0;

const unknown = (object: JsonObject, known: readonly string[], at: Place): readonly Fault[] =>
  Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearest(key, known);
      const hint = near === null ? "" : `; did you mean ${near}?`;
      return warning([...at, key], `unknown key, it is ignored${hint}`);
    });

const warning = (at: Place, message: string): Fault => ({ at, type: "warning", message });

/** Further off is another word. */
const farthest = (word: string): number => Math.max(2, Math.floor(word.length / 3));

function nearest(key: string, known: readonly string[]): string | null {
  const [best] = known
    .map((word) => ({ word, distance: distance(bare(key), bare(word)) }))
    .filter((one) => one.distance <= farthest(one.word))
    .toSorted((a, b) => a.distance - b.distance);
  return best?.word ?? null;
}

/** `forEach` and `for-each` mean `for_each`. */
const bare = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, "").slice(0, 100);

/** How many letters to add, drop or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

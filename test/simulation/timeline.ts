/** A timeline: automations, what is told of them and when; run on the core alone, or on tasks with a broker. */
import type { Automation } from "../../src/core/model/automation.ts";
import type { Event } from "../../src/core/model/event.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import { canonicalJson, type Json } from "../../src/core/model/json.ts";
import type { Instant } from "../../src/core/model/time.ts";

export type Step =
  /** An event comes in; its `received` is `at`. */
  | { readonly kind: "event"; readonly at: Instant; readonly event: Event }
  /** From here on these are all the automations there are. */
  | { readonly kind: "redefine"; readonly at: Instant; readonly automations: readonly Automation[] }
  /** Every process dies, or is there again; the core alone knows nothing of it. */
  | { readonly kind: "down" | "up"; readonly at: Instant };

export interface Timeline {
  /** When the automations are loaded; whole milliseconds, as all times here. */
  readonly start: Instant;
  /** Time passes up to here; what would fire later is left out. */
  readonly end: Instant;
  readonly automations: readonly Automation[];
  /** In order of time. */
  readonly steps: readonly Step[];
}

/** Firings as text, sorted, without the revision, which is an offset and says nothing about the rules. */
export const asText = (firings: readonly Firing[]): readonly string[] =>
  firings.map((firing) => canonicalJson(without(["revision"], firing))).toSorted();

/** The same without their ranks, which count all the triggers that stand before theirs, whatever becomes of those. */
export const asUnrankedText = (firings: readonly Firing[]): readonly string[] =>
  firings.map((firing) => canonicalJson(without(["revision", "rank"], firing))).toSorted();

function without(fields: readonly (keyof Firing)[], firing: Firing): Json {
  const kept = Object.entries(firing).filter(([name]) => !fields.some((field) => field === name));
  const children = firing.children.map((child) => without(fields, child));
  const json: Json = JSON.parse(JSON.stringify({ ...Object.fromEntries(kept), children }));
  return json;
}

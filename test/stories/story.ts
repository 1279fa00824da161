/** A story as it is read from its file: automations, what is told, and what must follow, each with its line. */
import type { Event } from "../../src/core/model/event.ts";
import type { Json, JsonObject } from "../../src/core/model/json.ts";
import type { Duration, Instant } from "../../src/core/model/time.ts";

/** An automation as bodies of the API say it, with its own id. */
export interface Body {
  readonly name: string;
  readonly body: JsonObject;
}

export type Told =
  | { readonly kind: "event"; readonly event: Event; readonly body: JsonObject }
  | { readonly kind: "silence" }
  | { readonly kind: "down" }
  | { readonly kind: "up" }
  | { readonly kind: "disable" | "enable" | "delete"; readonly name: string }
  | { readonly kind: "update"; readonly automation: Body };

export type ToldLine = Told & { readonly at: Instant; readonly line: number };

/** A run that must follow. What is not said is not compared: null or undefined. */
export interface Expected {
  readonly line: number;
  readonly text: string;
  readonly at: Instant;
  readonly deployment: string;
  /** Values of the `for_each` labels in the order of the labels; empty where there are none. */
  readonly key: string;
  /** The paying event, as `name` and when it was told; `nothing` for none. */
  readonly by: string | null;
  readonly after: Duration | null;
  readonly parameters: Json | undefined;
}

export interface Story {
  readonly file: string;
  readonly title: string;
  readonly rule: string | null;
  readonly start: Instant;
  readonly end: Instant;
  readonly automations: readonly Body[];
  readonly told: readonly ToldLine[];
  readonly runs: readonly Expected[];
  /** The line of `then`, for runs that are not told there. */
  readonly runsLine: number;
}

/** A run as it came about. */
export interface Run {
  readonly at: Instant;
  readonly deployment: string;
  readonly key: string;
  readonly by: string;
  readonly after: Duration;
  readonly parameters: Json;
}

/** A value as it stands in a line. */
export const textOf = (value: Json | undefined): string =>
  typeof value === "string" ? value : JSON.stringify(value ?? null);

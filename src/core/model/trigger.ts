/** Triggers: the conditions under which an automation acts. Shapes only; what each does stands in semantics.md. */
import { canonicalJson, type Json } from "./json.ts";
import { RESOURCE_ID } from "./labels.ts";
import type { Duration } from "./time.ts";

/** Label → pattern, or patterns of which one must match. Kept as written, because clients compare what they read back. */
export type ResourceSpec = Readonly<Record<string, string | readonly string[]>>;

export type Posture = "Reactive" | "Proactive";

export interface EventTrigger {
  readonly kind: "event";
  readonly id: string;
  readonly match: ResourceSpec;
  readonly matchRelated: ResourceSpec | readonly ResourceSpec[];
  readonly after: readonly string[];
  readonly expect: readonly string[];
  readonly forEach: readonly string[];
  readonly posture: Posture;
  readonly threshold: number;
  readonly within: Duration;
}

export interface MetricTrigger {
  readonly kind: "metric";
  readonly id: string;
  readonly match: ResourceSpec;
  readonly matchRelated: ResourceSpec | readonly ResourceSpec[];
  readonly metric: {
    readonly name: "lateness" | "duration" | "successes";
    readonly operator: "<" | "<=" | ">" | ">=";
    readonly threshold: number;
    readonly range: Duration;
    readonly firingFor: Duration;
  };
}

export interface CompoundTrigger {
  readonly kind: "compound";
  readonly id: string;
  readonly triggers: readonly Trigger[];
  readonly require: number | "any" | "all";
  readonly within: Duration | null;
  readonly correlate: boolean;
}

export interface SequenceTrigger {
  readonly kind: "sequence";
  readonly id: string;
  readonly triggers: readonly Trigger[];
  readonly within: Duration | null;
  readonly correlate: boolean;
}

export type CompositeTrigger = CompoundTrigger | SequenceTrigger;
export type Trigger = EventTrigger | MetricTrigger | CompositeTrigger;

export const isComposite = (trigger: Trigger): trigger is CompositeTrigger =>
  trigger.kind === "compound" || trigger.kind === "sequence";

/** Whether an event trigger fires where the event is, with nothing to remember (design.md, section 1). */
export const isStateless = (trigger: EventTrigger): boolean =>
  trigger.posture === "Reactive" &&
  trigger.threshold <= 1 &&
  trigger.within === 0 &&
  trigger.after.length === 0;

/** Whether the inputs of a trigger's keys come from all tasks, and gather until the watermark reaches them. */
export const gathersInputs = (trigger: Trigger): boolean =>
  trigger.kind !== "event" || !(isStateless(trigger) || trigger.forEach.includes(RESOURCE_ID));

/**
 * What a trigger means, as text: equal texts, equal behaviour. State is kept over an update exactly where id and
 * meaning are the same (semantics.md, section 7): one value equals a list of one, name lists have no order.
 */
export function meaningOf(trigger: Trigger): string {
  return canonicalJson(meaning(trigger));
}

function meaning(trigger: Trigger): Json {
  switch (trigger.kind) {
    case "event":
      return {
        kind: trigger.posture,
        match: specMeaning(trigger.match),
        related: relatedMeaning(trigger.matchRelated),
        after: trigger.after.toSorted(),
        expect: trigger.expect.toSorted(),
        forEach: trigger.forEach.toSorted(),
        threshold: trigger.threshold,
        within: trigger.within,
      };
    case "metric":
      return {
        kind: "metric",
        match: specMeaning(trigger.match),
        related: relatedMeaning(trigger.matchRelated),
        metric: { ...trigger.metric },
      };
    case "compound":
    case "sequence":
      return {
        kind: trigger.kind,
        require: trigger.kind === "compound" ? trigger.require : "all",
        within: trigger.within,
        correlate: trigger.correlate,
        triggers: trigger.triggers.map((child) => ({ id: child.id, is: meaning(child) })),
      };
  }
}

const specMeaning = (spec: ResourceSpec): Json =>
  Object.fromEntries(
    Object.entries(spec).map(([label, patterns]) => [
      label,
      typeof patterns === "string" ? [patterns] : patterns.toSorted(),
    ]),
  );

/** An object is a list of one; empty specifications ask for nothing. */
export function relatedSpecs(spec: ResourceSpec | readonly ResourceSpec[]): readonly ResourceSpec[] {
  const specs: readonly ResourceSpec[] = isSpecList(spec) ? spec : [spec];
  return specs.filter((one) => Object.keys(one).length > 0);
}

const isSpecList = (spec: ResourceSpec | readonly ResourceSpec[]): spec is readonly ResourceSpec[] =>
  Array.isArray(spec);

const relatedMeaning = (spec: ResourceSpec | readonly ResourceSpec[]): Json =>
  relatedSpecs(spec).map(specMeaning);

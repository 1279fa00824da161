/** What one trigger of events or of a metric is interested in, compiled once (semantics.md, section 2). */
import type { Event } from "../model/event.ts";
import { type Labels, labelOf, STATE_TYPE } from "../model/labels.ts";
import { type EventTrigger, type MetricTrigger, type ResourceSpec, relatedSpecs } from "../model/trigger.ts";
import { glob, type TextMatcher } from "./glob.ts";
import { type NamePattern, nameMatcher, namePattern } from "./name-pattern.ts";

/** The same for all that ask nothing, or ask for nothing: thousands of triggers then need no more memory for it. */
const ALWAYS = (): boolean => true;
const NEVER = (): boolean => false;

export interface Interest {
  /** The patterns one of which the name must match; null where every name will do. */
  readonly names: readonly NamePattern[] | null;
  isExpected(name: string): boolean;
  isStart(name: string): boolean;
  /** Whether the resources are as the trigger asks; of the names nothing is said. */
  concerns(event: Event): boolean;
}

export function interestOf(trigger: EventTrigger): Interest {
  const after = trigger.after.map(namePattern);
  const expect = trigger.expect.map(namePattern);
  const isExpected = expect.length === 0 ? ALWAYS : anyOf(expect.map(nameMatcher));
  return {
    names: expect.length === 0 ? null : [...expect, ...after],
    isExpected,
    isStart: anyOf(after.map(nameMatcher)),
    concerns: resourcesOf(trigger),
  };
}

/** A metric wants every state of its runs, whatever it is called. */
export function interestOfMetric(trigger: MetricTrigger): Interest {
  const concerns = resourcesOf(trigger);
  return {
    names: null,
    isExpected: ALWAYS,
    isStart: NEVER,
    concerns: (event) => labelOf(event.resource, STATE_TYPE) !== null && concerns(event),
  };
}

function resourcesOf({ match, matchRelated }: EventTrigger | MetricTrigger): Interest["concerns"] {
  const specs = relatedSpecs(matchRelated);
  const primary = resourceMatcher(match);
  if (specs.length === 0)
    return Object.keys(match).length === 0 ? ALWAYS : (event) => primary(event.resource);
  const related = specs.map(resourceMatcher);
  return (event) => primary(event.resource) && related.every((fits) => event.related.some(fits));
}

/** Every label must have a value that fits at least one of its patterns. */
export function resourceMatcher(spec: ResourceSpec): (labels: Labels) => boolean {
  const wanted = Object.entries(spec).map(([label, patterns]) => ({
    label,
    fits: anyOf(patternsOf(patterns).map(valueMatcher)),
  }));
  return (labels) =>
    wanted.every(({ label, fits }) => {
      const value = labelOf(labels, label);
      return value !== null && fits(value);
    });
}

/** One pattern is a list of one. */
export const patternsOf = (written: string | readonly string[]): readonly string[] =>
  typeof written === "string" ? [written] : written;

/** One leading `!` negates the glob of the rest. */
export function valueMatcher(pattern: string): TextMatcher {
  if (!pattern.startsWith("!")) return glob(pattern);
  const denied = glob(pattern.slice(1));
  return (value) => !denied(value);
}

function anyOf(matchers: readonly TextMatcher[]): TextMatcher {
  const [only] = matchers;
  if (only === undefined) return NEVER;
  if (matchers.length === 1) return only;
  return (text) => matchers.some((fits) => fits(text));
}

/** Why an event does not interest a trigger, in words for the person who wrote it (semantics.md, section 2). */
import type { Event } from "../model/event.ts";
import { type Labels, labelOf } from "../model/labels.ts";
import { type EventTrigger, type ResourceSpec, relatedSpecs } from "../model/trigger.ts";
import { interestOf, patternsOf, resourceMatcher, valueMatcher } from "./interest.ts";

/** A rule that an event breaks, and how. */
export interface Reason {
  readonly rule: "name" | "match" | "match_related";
  readonly text: string;
}

/** The first rule that the event breaks; null where it is of interest. */
export function whyNot(trigger: EventTrigger, event: Event): Reason | null {
  const interest = interestOf(trigger);
  const name = event.event;
  if (!interest.isExpected(name) && !interest.isStart(name)) {
    return { rule: "name", text: `name ${name} is ${nameWanted(trigger)}` };
  }
  if (interest.concerns(event)) return null;
  const label = brokenLabel(trigger.match, event.resource);
  if (label !== null) return { rule: "match", text: label };
  return { rule: "match_related", text: missingRelated(trigger, event) };
}

const nameWanted = ({ after, expect }: EventTrigger): string =>
  after.length > 0 ? "neither expected nor after" : `not expected, expected one of ${expect.join(", ")}`;

/** The label that is not as the specification asks. */
function brokenLabel(spec: ResourceSpec, labels: Labels): string | null {
  for (const [label, written] of Object.entries(spec)) {
    const value = labelOf(labels, label);
    const patterns = patternsOf(written);
    if (value !== null && patterns.some((pattern) => valueMatcher(pattern)(value))) continue;
    const found = value === null ? "is missing" : `is ${JSON.stringify(value)}`;
    const expected =
      patterns.length === 0 ? "and no value will do" : `expected one of ${patterns.join(", ")}`;
    return `label ${label} ${found}, ${expected}`;
  }
  return null;
}

function missingRelated({ matchRelated }: EventTrigger, event: Event): string {
  const missing = relatedSpecs(matchRelated).find((spec) => !event.related.some(resourceMatcher(spec))) ?? {};
  const one = event.related.length === 1 ? event.related[0] : undefined;
  const broken = one === undefined ? null : brokenLabel(missing, one);
  const detail = broken ?? `there are ${event.related.length}`;
  return `no related resource has ${JSON.stringify(missing)}: ${detail}`;
}

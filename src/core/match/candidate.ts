/** Candidates: the triggers that look for events, with all that can be worked out of them before an event comes. */
import type { AutomationTable, Placed } from "../model/automation-table.ts";
import type { Event } from "../model/event.ts";
import { type LabelFinder, labelFinder, RESOURCE_ID } from "../model/labels.ts";
import { type EventTrigger, isStateless, type MetricTrigger } from "../model/trigger.ts";
import { type Interest, interestOf, interestOfMetric } from "./interest.ts";

export interface Candidate {
  readonly placed: Placed;
  readonly trigger: EventTrigger | MetricTrigger;
  /** Of the two, what every match says. */
  readonly triggerId: string;
  readonly revision: number;
  readonly interest: Interest;
  /** The stage that its matches are for. */
  readonly stage: "evaluate" | "measure";
  /** Where the state of its keys lives: nowhere, with the resource, or wherever the key is hashed to. */
  readonly home: "none" | "resource" | "bucket";
  /** Finds the values of its key, in order; a metric follows each run by itself. */
  readonly keyFinders: readonly LabelFinder[];
}

export function* candidatesOf(table: AutomationTable): Iterable<Candidate> {
  for (const placed of table.triggers.values()) {
    const { trigger } = placed;
    if (trigger.kind === "event") yield candidate(placed, trigger);
    if (trigger.kind === "metric") yield metricCandidate(placed, trigger);
  }
}

const candidate = (placed: Placed, trigger: EventTrigger): Candidate => ({
  placed,
  trigger,
  triggerId: trigger.id,
  revision: placed.revision,
  interest: interestOf(trigger),
  stage: "evaluate",
  home: homeOf(trigger),
  keyFinders: trigger.forEach.toSorted().map(labelFinder),
});

const metricCandidate = (placed: Placed, trigger: MetricTrigger): Candidate => ({
  placed,
  trigger,
  triggerId: trigger.id,
  revision: placed.revision,
  interest: interestOfMetric(trigger),
  stage: "measure",
  home: "resource",
  keyFinders: [labelFinder(RESOURCE_ID)],
});

/** A bucket by resource id lives where its events come in; others see events from many tasks. */
function homeOf(trigger: EventTrigger): Candidate["home"] {
  if (isStateless(trigger)) return "none";
  return trigger.forEach.includes(RESOURCE_ID) ? "resource" : "bucket";
}

/** The key of the bucket that an event counts in. */
export function keyFor({ keyFinders }: Candidate, event: Event): readonly string[] {
  const key: string[] = [];
  for (const find of keyFinders) key.push(find(event) ?? "");
  return key;
}

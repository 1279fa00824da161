/** A composite trigger in its tree: how many of its children it needs, and what its own firing looks like. */
import type { AutomationTable, Placed } from "../model/automation-table.ts";
import type { Firing } from "../model/firing.ts";
import { deriveId } from "../model/id.ts";
import { firedRank, momentOf, timerRank } from "../model/rank.ts";
import type { Instant } from "../model/time.ts";
import { type CompositeTrigger, isComposite } from "../model/trigger.ts";

export interface Composite {
  readonly placed: Placed;
  readonly trigger: CompositeTrigger;
  /** How many children must have fired. */
  readonly needed: number;
}

/** The composite that a firing goes to, and as which child; null for the firing of a root or of a trigger that is gone. */
export function parentOf(
  firing: Firing,
  { triggers }: AutomationTable,
): { readonly composite: Composite; readonly child: number } | null {
  const parent = triggers.get(firing.triggerId)?.parent ?? null;
  const placed = parent === null ? undefined : triggers.get(parent.id);
  if (parent === null || placed === undefined || !isComposite(placed.trigger)) return null;
  const { trigger } = placed;
  return { composite: { placed, trigger, needed: neededBy(trigger) }, child: parent.child };
}

function neededBy(trigger: CompositeTrigger): number {
  if (trigger.kind === "sequence" || trigger.require === "all") return trigger.triggers.length;
  return trigger.require === "any" ? 1 : trigger.require;
}

/** The firing of a composite: completed by one child's firing, made of those of several, in the order of the children. */
export function firingOf(
  { placed }: Composite,
  at: Instant,
  { completing, children }: { readonly completing: Firing; readonly children: readonly Firing[] },
): Firing {
  const { automation, trigger, revision, position } = placed;
  const { cause, triggered, event } = completing;
  return {
    kind: "firing",
    id: deriveId("firing", trigger.id, ...children.map(({ id }) => id)),
    automationId: automation.id,
    triggerId: trigger.id,
    revision,
    state: "Triggered",
    at,
    triggered,
    event,
    labels: {},
    key: [],
    windowStart: null,
    windowEnd: null,
    paidBy: [...new Set(children.flatMap(({ paidBy }) => paidBy))],
    children,
    value: null,
    causes: [...new Set([automation.id, ...children.flatMap(({ causes }) => causes)])].toSorted(),
    cause,
    rank: cause === "timer" ? timerRank(position) : firedRank(eventRankOf(completing), position),
  };
}

/** The rank of the event that was taken when this fired: its moment, without the mark that timers go first. */
const eventRankOf = (firing: Firing): string => momentOf(firing).slice("1|".length);

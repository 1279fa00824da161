/** The firing of an event trigger, as those above it see it (core/model/firing.ts). */
import type { Placed } from "../model/automation-table.ts";
import type { Firing } from "../model/firing.ts";
import { deriveId } from "../model/id.ts";
import { keyText, type Match } from "../model/match.ts";
import { firedRank, rankOf, sortable, timerRank } from "../model/rank.ts";
import type { EventTrigger } from "../model/trigger.ts";
import type { Fired } from "./bucket.ts";

export function firingOf(
  { placed, trigger }: { readonly placed: Placed; readonly trigger: EventTrigger },
  key: readonly string[],
  { fired, input }: { readonly fired: Fired; readonly input: Match | { readonly kind: "open" | "wake" } },
): Firing {
  const { cause, at, triggered, event, windowStart, windowEnd, paidBy } = fired;
  // Windows of one bucket may end at one instant; they fired in the order of their ends.
  const end = sortable(windowEnd ?? 0);
  const rank =
    cause === "event" && input.kind === "match"
      ? firedRank(rankOf(input), placed.position, end)
      : timerRank(placed.position, `${keyText(key)}|${end}`, fired.isMadeDue);
  return {
    kind: "firing",
    id: deriveId("firing", trigger.id, JSON.stringify(key), windowStart, windowEnd, event?.id ?? null),
    automationId: placed.automation.id,
    triggerId: trigger.id,
    revision: placed.revision,
    state: "Triggered",
    at,
    triggered,
    event,
    labels: Object.fromEntries(trigger.forEach.toSorted().map((label, i) => [label, key[i] ?? ""])),
    key,
    windowStart,
    windowEnd,
    paidBy,
    children: [],
    value: null,
    causes: [...new Set([placed.automation.id, ...(event?.causes ?? [])])].toSorted(),
    cause,
    rank,
  };
}

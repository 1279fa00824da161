/** The firing of a metric trigger, as those above it see it (core/model/firing.ts). */
import type { Placed } from "../model/automation-table.ts";
import type { Firing } from "../model/firing.ts";
import { deriveId } from "../model/id.ts";
import { timerRank } from "../model/rank.ts";
import type { Instant } from "../model/time.ts";

export function firingOf(
  { automation, trigger, revision, position }: Placed,
  at: Instant,
  { state, value }: { readonly state: Firing["state"]; readonly value: number | null },
): Firing {
  return {
    kind: "firing",
    id: deriveId("firing", trigger.id, at, state),
    automationId: automation.id,
    triggerId: trigger.id,
    revision,
    state,
    at,
    triggered: at,
    event: null,
    labels: {},
    key: [],
    windowStart: null,
    windowEnd: null,
    paidBy: [],
    children: [],
    value,
    causes: [automation.id],
    cause: "timer",
    rank: timerRank(position),
  };
}

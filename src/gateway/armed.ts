/** What an automation keeps of the one whose place it takes. */
import type { Automation } from "../core/model/automation.ts";

/**
 * Switched on again, it forgets what was counted before (semantics.md, section 7). Whoever was away in between sees only
 * this record of it, so it says since when.
 */
export function inPlaceOf(before: Automation, after: Automation): Automation {
  if (after.enabled && !before.enabled) return { ...after, armed: after.updated };
  return before.armed === undefined ? after : { ...after, armed: before.armed };
}

/** Automations → their wire form: every default written out, spans as seconds (triggers-spec 6.1). */
import type { Automation } from "../core/model/automation.ts";
import type { JsonObject } from "../core/model/json.ts";
import { type Duration, formatInstant, toSeconds } from "../core/model/time.ts";
import type { Trigger } from "../core/model/trigger.ts";
import { actionToJson } from "./action-reader.ts";

/** As `GET /api/automations/{id}` answers it. */
export const automationToJson = (automation: Automation): JsonObject => ({
  name: automation.name,
  description: automation.description,
  enabled: automation.enabled,
  tags: automation.tags,
  trigger: triggerToJson(automation.trigger),
  actions: automation.actions.map(actionToJson),
  actions_on_trigger: automation.actionsOnTrigger.map(actionToJson),
  actions_on_resolve: automation.actionsOnResolve.map(actionToJson),
  id: automation.id,
  created: formatInstant(automation.created),
  updated: formatInstant(automation.updated),
});

export function triggerToJson(trigger: Trigger): JsonObject {
  const head = { type: trigger.kind, id: trigger.id };
  switch (trigger.kind) {
    case "event":
      return {
        ...head,
        match: trigger.match,
        match_related: trigger.matchRelated,
        after: trigger.after,
        expect: trigger.expect,
        for_each: trigger.forEach,
        posture: trigger.posture,
        threshold: trigger.threshold,
        within: toSeconds(trigger.within),
      };
    case "metric": {
      const { range, firingFor, ...metric } = trigger.metric;
      return {
        ...head,
        match: trigger.match,
        match_related: trigger.matchRelated,
        posture: "Metric",
        metric: { ...metric, range: toSeconds(range), firing_for: toSeconds(firingFor) },
      };
    }
    case "compound":
    case "sequence":
      return {
        ...head,
        triggers: trigger.triggers.map(triggerToJson),
        within: secondsOrNull(trigger.within),
        ...(trigger.kind === "compound" && { require: trigger.require }),
        // Ours: said only where it is asked for, so that all else reads as Prefect writes it.
        ...(trigger.correlate && { correlate: true }),
      };
  }
}

const secondsOrNull = (span: Duration | null): number | null => (span === null ? null : toSeconds(span));

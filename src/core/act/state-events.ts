/** The events that Tripline itself sends about automations: they fired, or an action failed (triggers-spec 3.9). */
import type { Automation } from "../model/automation.ts";
import type { Event } from "../model/event.ts";
import { eventToJson } from "../model/event-reader.ts";
import type { Firing } from "../model/firing.ts";
import { deriveTimeId } from "../model/id.ts";
import type { JsonObject } from "../model/json.ts";
import { type Labels, RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE } from "../model/labels.ts";
import { toMillis } from "../model/time.ts";

/** `prefect.automation.triggered`, or `.resolved`. */
export function stateChange(firing: Firing, automation: Automation): Event {
  return eventAbout(firing, {
    id: stateChangeId(firing),
    event: firing.state === "Resolved" ? "prefect.automation.resolved" : "prefect.automation.triggered",
    resource: resourceOf(automation),
    related: triggeringEvent(firing),
    payload: {
      triggering_labels: firing.labels,
      triggering_event: firing.event === null ? null : eventToJson(firing.event),
    },
    follows: null,
  });
}

const stateChangeId = ({ id, triggered }: Firing): string =>
  deriveTimeId(toMillis(triggered), "state-change", id);

export interface FailedAction {
  readonly index: number;
  readonly type: string;
  readonly deploymentId: string | null;
  readonly reason: string;
}

/** `prefect.automation.action.failed`: why an action came to nothing. */
export function actionFailed(failed: FailedAction, firing: Firing, automation: Automation): Event {
  const change = stateChangeId(firing);
  return eventAbout(firing, {
    id: deriveTimeId(toMillis(firing.triggered), "action-failed", firing.id, failed.index),
    event: "prefect.automation.action.failed",
    resource: { ...resourceOf(automation), "prefect.trigger-type": automation.trigger.kind },
    related: [
      ...(failed.deploymentId === null
        ? []
        : [inRole("target", `prefect.deployment.${failed.deploymentId}`)]),
      inRole("automation-triggered-event", `prefect.event.${change}`),
      ...triggeringEvent(firing),
    ],
    payload: {
      action_index: failed.index,
      action_type: failed.type,
      invocation: firing.id,
      reason: failed.reason,
    },
    follows: change,
  });
}

interface About {
  readonly id: string;
  readonly event: string;
  readonly resource: Labels;
  readonly related: readonly Labels[];
  readonly payload: JsonObject;
  readonly follows: string | null;
}

const eventAbout = ({ triggered, causes }: Firing, about: About): Event => ({
  ...about,
  occurred: triggered,
  received: triggered,
  causes,
});

const resourceOf = ({ id, name, trigger }: Automation): Labels => ({
  [RESOURCE_ID]: `prefect.automation.${id}`,
  [RESOURCE_NAME]: name,
  ...(trigger.kind === "event" && { "prefect.posture": trigger.posture }),
});

const triggeringEvent = ({ event }: Firing): readonly Labels[] =>
  event === null ? [] : [inRole("triggering-event", `prefect.event.${event.id}`)];

const inRole = (role: string, id: string): Labels => ({ [RESOURCE_ID]: id, [RESOURCE_ROLE]: role });

/** The names that templates see: the firing, what it is about, and the workspace's variables (triggers-spec 4.3). */
import type { Automation } from "../model/automation.ts";
import type { Event } from "../model/event.ts";
import type { Firing } from "../model/firing.ts";
import type { Json } from "../model/json.ts";
import { type Labels, labelOf, RESOURCE_ID, RESOURCE_NAME } from "../model/labels.ts";
import type { Names, Value } from "./jinja/jinja.ts";
import { EventModel, LabelsModel, TimeModel } from "./models.ts";

export interface Seen {
  readonly firing: Firing;
  readonly automation: Automation;
  /** The paying event, or for `actions_on_trigger` the state change. */
  readonly event: Event | null;
  readonly variables: Readonly<Record<string, Json>>;
}

export function namesOf(seen: Seen): Names {
  return (name) => NAMES.get(name)?.(seen);
}

const eventValue = (event: Event | null): Value => (event === null ? null : new EventModel(event));

const automationValue = ({ automation }: Seen): Value => ({
  id: automation.id,
  name: automation.name,
  description: automation.description,
  enabled: automation.enabled,
  tags: automation.tags,
  created: new TimeModel(automation.created),
  updated: new TimeModel(automation.updated),
});

const firingValue = (firing: Firing): Value => ({
  id: firing.id,
  trigger: { id: firing.triggerId },
  trigger_states: [firing.state],
  triggered: new TimeModel(firing.triggered),
  triggering_labels: firing.labels,
  triggering_firings: firing.children.map((child) => child.id),
  triggering_event: eventValue(firing.event),
  triggering_value: firing.value,
});

/** A firing and what it is made of, outermost first. */
const withChildren = (firing: Firing): readonly Firing[] => [
  firing,
  ...firing.children.flatMap(withChildren),
];

function eventsOf(firing: Firing): readonly Event[] {
  const found = new Map<string, Event>();
  for (const { event } of withChildren(firing)) if (event !== null) found.set(event.id, event);
  return Array.from(found.values());
}

/** What an event says of an object of Prefect's; nothing is asked of a server. */
const objectOf =
  (kind: string) =>
  ({ event }: Seen): Value => {
    const labels = event === null ? undefined : firstOfKind(event, kind);
    if (labels === undefined) return undefined;
    const id = labelOf(labels, RESOURCE_ID) ?? "";
    return {
      id: id.slice(id.lastIndexOf(".") + 1),
      name: labelOf(labels, RESOURCE_NAME),
      state: {
        name: labelOf(labels, "prefect.state-name"),
        type: labelOf(labels, "prefect.state-type"),
        message: labelOf(labels, "prefect.state-message"),
        timestamp: labelOf(labels, "prefect.state-timestamp"),
      },
    };
  };

/** The first resource of a kind, the primary one first: its kind is its id up to the last dot. */
export const firstOfKind = (event: Event, kind: string): Labels | undefined =>
  [event.resource, ...event.related].find((labels) => {
    const id = labelOf(labels, RESOURCE_ID) ?? "";
    return id.slice(0, id.lastIndexOf(".")) === kind;
  });

const NAMES: ReadonlyMap<string, (seen: Seen) => Value> = new Map<string, (seen: Seen) => Value>([
  ["automation", automationValue],
  ["event", ({ event }) => eventValue(event)],
  ["labels", ({ firing }) => new LabelsModel(firing.labels)],
  ["firing", ({ firing }) => firingValue(firing)],
  ["firings", ({ firing }) => withChildren(firing).map(firingValue)],
  ["events", ({ firing }) => eventsOf(firing).map(eventValue)],
  ["variables", ({ variables }) => variables],
  ["flow_run", objectOf("prefect.flow-run")],
  ["flow", objectOf("prefect.flow")],
  ["deployment", objectOf("prefect.deployment")],
  ["task_run", objectOf("prefect.task-run")],
  ["work_pool", objectOf("prefect.work-pool")],
  ["work_queue", objectOf("prefect.work-queue")],
  ["concurrency_limit", objectOf("prefect.concurrency-limit")],
]);

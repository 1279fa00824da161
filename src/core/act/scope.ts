/** The names that templates see: the firing, what it is about, and the workspace's variables (triggers-spec 4.3). */
import type { Automation } from "../model/automation.ts";
import type { Event } from "../model/event.ts";
import type { Firing } from "../model/firing.ts";
import type { Json } from "../model/json.ts";
import { type Labels, labelOf, RESOURCE_ID, RESOURCE_NAME } from "../model/labels.ts";
import type { Trigger } from "../model/trigger.ts";
import { type Names, row, SpanModel, TimeModel, type Value } from "./jinja/jinja.ts";
import { EventModel, LabelsModel, ObjectModel } from "./models.ts";

export interface Seen {
  readonly firing: Firing;
  readonly automation: Automation;
  /** The paying event, or for `actions_on_trigger` the state change. */
  readonly event: Event | null;
  readonly variables: Readonly<Record<string, Json>>;
  /** Where Prefect's pages are, for links; null where nobody said. */
  readonly uiUrl?: string | null;
}

export function namesOf(seen: Seen): Names {
  return (name) => NAMES.get(name)?.(seen);
}

const eventValue = ({ uiUrl }: Seen, event: Event | null): Value =>
  event === null ? null : new EventModel(event, uiUrl ?? null);

const automationValue = ({ automation }: Seen): Value => {
  const { id } = automation;
  const fields = {
    id,
    name: automation.name,
    description: automation.description,
    enabled: automation.enabled,
    tags: automation.tags,
    trigger: triggerValue(automation.trigger),
    created: new TimeModel(automation.created),
    updated: new TimeModel(automation.updated),
  };
  return new ObjectModel(fields, {
    page: `automations/automation/${id}`,
    resourceId: `prefect.automation.${id}`,
  });
};

function triggerValue(trigger: Trigger): Value {
  const { id, kind: type } = trigger;
  if (trigger.kind === "metric") return { id, type, match: trigger.match };
  const within = trigger.within === null ? null : new SpanModel(trigger.within);
  if (trigger.kind !== "event") return { id, type, within, triggers: trigger.triggers.map(triggerValue) };
  return {
    id,
    type,
    posture: trigger.posture,
    threshold: trigger.threshold,
    within,
    expect: row(trigger.expect, "set"),
    after: row(trigger.after, "set"),
    for_each: row(trigger.forEach, "set"),
    match: trigger.match,
    match_related: trigger.matchRelated,
  };
}

/** A trigger by its id, however deep it stands. */
function triggerOf(trigger: Trigger, id: string): Trigger | undefined {
  if (trigger.id === id) return trigger;
  if (trigger.kind === "event" || trigger.kind === "metric") return undefined;
  for (const child of trigger.triggers) {
    const found = triggerOf(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firingTrigger({ automation }: Seen, { triggerId }: Firing): Value {
  const trigger = triggerOf(automation.trigger, triggerId);
  return trigger === undefined ? { id: triggerId } : triggerValue(trigger);
}

const firingValue = (seen: Seen, firing: Firing): Value => ({
  id: firing.id,
  trigger: firingTrigger(seen, firing),
  trigger_states: row([firing.state], "set"),
  triggered: new TimeModel(firing.triggered),
  triggering_labels: firing.labels,
  triggering_firings: firing.children.map((child) => child.id),
  triggering_event: eventValue(seen, firing.event),
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
    const whole = labelOf(labels, RESOURCE_ID) ?? "";
    const id = whole.slice(whole.lastIndexOf(".") + 1);
    const name = labelOf(labels, RESOURCE_NAME);
    const fields = {
      id,
      name,
      state: {
        name: labelOf(labels, "prefect.state-name"),
        type: labelOf(labels, "prefect.state-type"),
        message: labelOf(labels, "prefect.state-message"),
        timestamp: labelOf(labels, "prefect.state-timestamp"),
      },
    };
    const page = PAGES.get(kind);
    return new ObjectModel(fields, {
      ...(page === undefined ? {} : { page: page + (kind === "prefect.work-pool" ? (name ?? "") : id) }),
      ...(WITH_EVENTS.has(kind) ? { resourceId: whole } : {}),
    });
  };

/** What Prefect has pages for, and what it links to the events of. */
const PAGES: ReadonlyMap<string, string> = new Map([
  ["prefect.flow", "flows/flow/"],
  ["prefect.flow-run", "runs/flow-run/"],
  ["prefect.task-run", "runs/task-run/"],
  ["prefect.work-pool", "work-pools/work-pool/"],
  ["prefect.work-queue", "work-queues/work-queue/"],
]);
const WITH_EVENTS: ReadonlySet<string> = new Set([
  "prefect.flow",
  "prefect.task-run",
  "prefect.work-pool",
  "prefect.work-queue",
]);

/** The first resource of a kind, the primary one first: its kind is its id up to the last dot. */
export const firstOfKind = (event: Event, kind: string): Labels | undefined =>
  [event.resource, ...event.related].find((labels) => {
    const id = labelOf(labels, RESOURCE_ID) ?? "";
    return id.slice(0, id.lastIndexOf(".")) === kind;
  });

const NAMES: ReadonlyMap<string, (seen: Seen) => Value> = new Map<string, (seen: Seen) => Value>([
  ["automation", automationValue],
  ["event", (seen) => eventValue(seen, seen.event)],
  ["labels", ({ firing }) => new LabelsModel(firing.labels)],
  ["firing", (seen) => firingValue(seen, seen.firing)],
  ["firings", (seen) => withChildren(seen.firing).map((firing) => firingValue(seen, firing))],
  ["events", (seen) => eventsOf(seen.firing).map((event) => eventValue(seen, event))],
  // No names that a template can write: what filters of times and links go by.
  ["(triggered)", ({ firing }) => new TimeModel(firing.triggered)],
  ["(ui)", ({ uiUrl }) => uiUrl ?? null],
  ["variables", ({ variables }) => variables],
  ["flow_run", objectOf("prefect.flow-run")],
  ["flow", objectOf("prefect.flow")],
  ["deployment", objectOf("prefect.deployment")],
  ["task_run", objectOf("prefect.task-run")],
  ["work_pool", objectOf("prefect.work-pool")],
  ["work_queue", objectOf("prefect.work-queue")],
  ["concurrency_limit", objectOf("prefect.concurrency-limit")],
]);

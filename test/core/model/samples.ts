/** Events, triggers, automations and worlds for the tests of the core: everything left out is as plain as can be. */
import assert from "node:assert/strict";
import type { Automation } from "../../../src/core/model/automation.ts";
import { type AutomationTable, tableOf } from "../../../src/core/model/automation-table.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { type Duration, type Instant, instant, seconds } from "../../../src/core/model/time.ts";
import type {
  CompoundTrigger,
  EventTrigger,
  SequenceTrigger,
  Trigger,
} from "../../../src/core/model/trigger.ts";
import type { SeenIds, World } from "../../../src/core/processor.ts";

/** Second 0 of every story: far enough from 1970 to look back. */
export const START = instant(1_900_000_000_000_000);
export const at = (second: number): Instant => instant(START + Math.round(second * 1_000_000));
export const secondOf = (time: Instant): number => (time - START) / 1_000_000;

export const event = (id: string, occurred: number, more: Partial<Event> = {}): Event => ({
  id,
  event: "x",
  occurred: at(occurred),
  received: at(occurred),
  resource: { "prefect.resource.id": "thing.1" },
  related: [],
  payload: {},
  follows: null,
  causes: [],
  ...more,
});

export const eventTrigger = (more: Partial<EventTrigger> = {}): EventTrigger => ({
  kind: "event",
  id: "t1",
  match: {},
  matchRelated: {},
  after: [],
  expect: ["x"],
  forEach: [],
  posture: "Reactive",
  threshold: 1,
  within: seconds(0),
  ...more,
});

export const compound = (
  triggers: readonly Trigger[],
  more: Partial<CompoundTrigger> = {},
): CompoundTrigger => ({
  kind: "compound",
  id: "all",
  triggers,
  require: "all",
  within: null,
  correlate: false,
  ...more,
});

export const sequence = (
  triggers: readonly Trigger[],
  more: Partial<SequenceTrigger> = {},
): SequenceTrigger => ({
  kind: "sequence",
  id: "seq",
  triggers,
  within: null,
  correlate: false,
  ...more,
});

export const within = (count: number): Duration => seconds(count);

export const automation = (trigger: Trigger, more: Partial<Automation> = {}): Automation => ({
  id: `of-${trigger.id}`,
  name: trigger.id,
  description: "",
  enabled: true,
  tags: [],
  trigger,
  actions: [],
  actionsOnTrigger: [],
  actionsOnResolve: [],
  ownerResource: null,
  created: START,
  updated: START,
  ...more,
});

export const tableFor = (...triggers: readonly Trigger[]): AutomationTable =>
  tableOf(triggers.map((trigger) => ({ automation: automation(trigger), revision: 7 })));

/** The value of an emission, which must be of this kind. */
export function ofKind<T extends { readonly kind: string }>(kind: T["kind"], value: unknown): T {
  assert.ok(isOfKind<T>(kind, value), `expected a ${kind}`);
  return value;
}

const isOfKind = <T extends { readonly kind: string }>(kind: string, value: unknown): value is T =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === kind;

const NOTHING_SEEN: SeenIds = { has: () => false, reachesBackTo: instant(0) };

export const worldAt = (time: Instant, automations: AutomationTable, seen = NOTHING_SEEN): World => ({
  at: time,
  automations,
  deployments: new Map(),
  variables: {},
  seen,
});

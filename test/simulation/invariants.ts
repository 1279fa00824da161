/** What holds of the firings of one event trigger, whatever came; told in words where it does not. */
import { type Event, eventTime } from "../../src/core/model/event.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import { formatInstant, type Instant, minutes } from "../../src/core/model/time.ts";
import type { EventTrigger, ResourceSpec } from "../../src/core/model/trigger.ts";
import { KEYS } from "./arbitraries.ts";
import type { Timeline } from "./timeline.ts";

export interface Observed {
  readonly trigger: EventTrigger;
  readonly timeline: Timeline;
  readonly firings: readonly Firing[];
}

/** Every reactive firing is paid for by `threshold` sightings of its key, in its window; none pays twice. */
export function unpaid({ trigger, timeline, firings }: Observed): readonly string[] {
  const spent = new Set<string>();
  return firings.flatMap((firing) => {
    const sightings = eventsOf(timeline).filter((event) => isSighting(trigger, event, firing.key));
    const paid = firing.paidBy.map((id) => sightings.find((event) => event.id === id));
    const wanted = Math.max(trigger.threshold, 1);
    const faults = paid.flatMap((event, i) => {
      const id = firing.paidBy[i] ?? "";
      if (event === undefined) return [`${id} is no sighting of this key`];
      if (!isWithin(firing, eventTime(event))) return [`${id} lies outside the window`];
      return spent.has(id) ? [`${id} had paid before`] : [];
    });
    for (const id of firing.paidBy) spent.add(id);
    const short =
      new Set(firing.paidBy).size === wanted ? [] : [`paid by ${firing.paidBy.length}, not ${wanted}`];
    return [...short, ...faults].map((fault) => `${told(firing)}: ${fault}`);
  });
}

/** No two firings of one bucket share a window; with `after`, where no two starts happened at one instant. */
export function sharedWindows({ trigger, timeline, firings }: Observed): readonly string[] {
  return firings.flatMap((one, i) =>
    firings.slice(i + 1).flatMap((other) => {
      if (one.key.join() !== other.key.join() || one.windowStart === null || other.windowStart === null)
        return [];
      if (!doShare(trigger, one, other)) return [];
      const starts = eventsOf(timeline).filter(
        (event) =>
          isOfInterest(trigger, event, one.key) &&
          trigger.after.includes(event.event) &&
          eventTime(event) === one.windowStart,
      );
      return starts.length > 1 ? [] : [`${told(one)} and ${told(other)} share a window`];
    }),
  );
}

/** Windows opened by starts may overlap; a window itself fires once. All others follow each other, if they end at all. */
function doShare(trigger: EventTrigger, one: Firing, other: Firing): boolean {
  if (trigger.after.length > 0) return one.windowStart === other.windowStart;
  if (one.windowEnd === null || other.windowEnd === null) return false;
  // A rested key is forgotten a minute after its next window, and then looks back again (S2).
  if (trigger.posture === "Reactive" && other.triggered >= one.windowEnd + trigger.within + minutes(1))
    return false;
  return (one.windowStart ?? 0) < other.windowEnd && (other.windowStart ?? 0) < one.windowEnd;
}

/**
 * A proactive trigger never fires for a key whose expectation was met in time. With `after` only what was taken after
 * the start counts: an answer that was taken before the start it answers is met by nothing (`follows` is for that).
 */
export function firedThoughMet({ trigger, timeline, firings }: Observed): readonly string[] {
  return firings.flatMap((firing) => {
    const known = eventsOf(timeline).filter(
      (event) => event.received <= firing.triggered && isOfInterest(trigger, event, firing.key),
    );
    const opening = known.findLastIndex(
      (event) => trigger.after.includes(event.event) && eventTime(event) === firing.windowStart,
    );
    const met = known.slice(opening + 1).filter(
      (event) =>
        // What comes at the instant of the judgement comes after it.
        event.received < firing.triggered &&
        trigger.expect.includes(event.event) &&
        isWithin(firing, eventTime(event)),
    );
    return met.length < trigger.threshold ? [] : [`${told(firing)}: ${met.length} came in time`];
  });
}

/** In the order in which they came, each id once. */
function eventsOf({ steps }: Timeline): readonly Event[] {
  const events = steps.flatMap((step) => (step.kind === "event" ? [step.event] : []));
  return events.filter((event, i) => events.findIndex(({ id }) => id === event.id) === i);
}

const isSighting = (trigger: EventTrigger, event: Event, key: readonly string[]): boolean =>
  isOfInterest(trigger, event, key) && trigger.expect.includes(event.event);

function isOfInterest(trigger: EventTrigger, event: Event, key: readonly string[]): boolean {
  const isNamed = [...trigger.expect, ...trigger.after].includes(event.event);
  return isNamed && fits(trigger.match, event) && keyOf(trigger, event).join() === key.join();
}

const fits = (match: ResourceSpec, { resource }: Event): boolean =>
  Object.entries(match).every(([label, patterns]) => [patterns].flat().includes(resource[label] ?? ""));

const keyOf = ({ forEach }: EventTrigger, { resource, related }: Event): readonly string[] =>
  forEach
    .toSorted()
    .map((label) => (label === KEYS.involved ? related[0]?.[KEYS.resource] : resource[label]) ?? "");

const isWithin = ({ windowStart, windowEnd }: Firing, at: Instant): boolean =>
  (windowStart === null || at >= windowStart) && (windowEnd === null || at < windowEnd);

const told = ({ triggerId, key, triggered }: Firing): string =>
  `${triggerId} [${key.join()}] fired ${formatInstant(triggered)}`;

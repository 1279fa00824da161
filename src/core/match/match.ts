/** Match: finds the triggers that an event interests, and the bucket each of them counts it in (semantics.md, section 2). */
import { type Event, resourceId } from "../model/event.ts";
import { findLabel, RESOURCE_ID } from "../model/labels.ts";
import { bucketKey, type Match } from "../model/match.ts";
import type { Taken } from "../model/taken.ts";
import { isStateless } from "../model/trigger.ts";
import type { Emission, Home, Stage } from "../processor.ts";
import { type Candidate, indexOf } from "./trigger-index.ts";

export { whyNot } from "./why-not.ts";

export const match: Stage<never, Taken> = {
  process({ input }, { automations }) {
    // Nothing is ever asked for a wake-up here, so none can come.
    if (input.kind === "wake") return { state: null, emit: [], wakeAt: null };
    const { event } = input;
    const emit = indexOf(automations)
      .candidates(event)
      .filter((candidate) => isOfInterest(candidate, event))
      .map((candidate) => toBucket(candidate, input));
    return { state: null, emit, wakeAt: null };
  },
};

/** An automation does not see events it caused itself, directly or through others (S15). */
const isOfInterest = ({ placed, interest }: Candidate, event: Event): boolean =>
  !event.causes.includes(placed.automation.id) && interest.concerns(event);

function toBucket({ placed, trigger, interest, keyLabels }: Candidate, taken: Taken): Emission {
  const { event, takenAt, rank } = taken;
  const key = keyLabels.map((label) => findLabel(event, label) ?? "");
  const value: Match = {
    kind: "match",
    triggerId: trigger.id,
    revision: placed.revision,
    key,
    starts: interest.isStart(event.event),
    expected: interest.isExpected(event.event),
    event,
    takenAt,
    rank,
  };
  const at = bucketKey(trigger.id, key);
  const to = trigger.kind === "metric" ? "measure" : "evaluate";
  return { to, key: at, home: homeOf({ trigger, at, event }), value };
}

/** A run, and a bucket by resource id, lives where its events come in; others see events from many tasks. */
function homeOf(bucket: {
  readonly trigger: Candidate["trigger"];
  readonly at: string;
  readonly event: Event;
}): Home | null {
  const { trigger, at, event } = bucket;
  if (trigger.kind === "event" && isStateless(trigger)) return null;
  if (trigger.kind === "metric" || trigger.forEach.includes(RESOURCE_ID))
    return { of: resourceId(event), gathers: false };
  return { of: at, gathers: true };
}

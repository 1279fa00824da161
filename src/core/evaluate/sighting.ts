/** An event of interest as a bucket sees it, and how the bucket is found or opened for it. */
import { type Event, eventTime } from "../model/event.ts";
import type { Match } from "../model/match.ts";
import { type Instant, minus, minutes } from "../model/time.ts";
import type { EventTrigger } from "../model/trigger.ts";
import { type Bucket, endOf, hasEnded, lagOf } from "./bucket.ts";

export interface Sighting {
  readonly event: Event;
  /** Event time, by which windows go. */
  readonly time: Instant;
  /** W while it is taken. */
  readonly takenAt: Instant;
  readonly starts: boolean;
  readonly expected: boolean;
}

/** A first window looks back this far, for events that arrive out of order. */
const LOOK_BACK = minutes(15);

export const sightingOf = ({ event, takenAt, starts, expected }: Match): Sighting => ({
  event,
  time: eventTime(event),
  takenAt,
  starts,
  expected,
});

/** The bucket that this event belongs to: the one that is open, a new one, or none where no start was seen. */
export function admit(trigger: EventTrigger, bucket: Bucket | null, sighting: Sighting): Bucket | null {
  const { event, time, starts } = sighting;
  if (starts) {
    // An expired window never swallows a new start (S3).
    if (bucket === null || hasEnded(bucket, time)) return openAtStart(trigger, sighting);
    return noted({ ...bucket, last: event }, sighting);
  }
  if (trigger.after.length > 0) return bucket === null ? null : noted(bucket, sighting);
  if (bucket === null) return openBefore(trigger, sighting);
  return noted({ ...bucket, last: event }, sighting);
}

/** The lag and the time of taking are the key's, whatever becomes of its window. */
const noted = (bucket: Bucket, { event, time, takenAt }: Sighting): Bucket => ({
  ...bucket,
  lag: lagOf(event, time),
  lagSetAt: takenAt,
  touchedAt: takenAt,
});

/** A start that is expected too must not satisfy its own window, hence it counts from below zero. */
function openAtStart(trigger: EventTrigger, { event, time, takenAt, expected }: Sighting): Bucket {
  return {
    start: time,
    end: endOf(trigger, time),
    count: expected ? -1 : 0,
    last: event,
    paidBy: [],
    lag: lagOf(event, time),
    lagSetAt: takenAt,
    touchedAt: takenAt,
  };
}

function openBefore(trigger: EventTrigger, { event, time, takenAt }: Sighting): Bucket {
  return {
    start: minus(time, LOOK_BACK),
    end: endOf(trigger, time),
    count: 0,
    last: event,
    paidBy: [],
    lag: lagOf(event, time),
    lagSetAt: takenAt,
    touchedAt: takenAt,
  };
}

/** An event of interest as a bucket sees it, and how the bucket is found or opened for it. */
import { eventTime } from "../model/event.ts";
import type { Match } from "../model/match.ts";
import { minus, minutes } from "../model/time.ts";
import type { EventTrigger } from "../model/trigger.ts";
import { type Bucket, endOf, hasEnded, lagOf, lastOf } from "./bucket.ts";

/** What a bucket wants to know of a match. */
export type Sighting = Pick<Match, "event" | "takenAt" | "starts" | "expected">;

/** A first window looks back this far, for events that arrive out of order. */
const LOOK_BACK = minutes(15);

/** The bucket that this event belongs to: the one that is open, a new one, or none where no start was seen. */
export function admit(trigger: EventTrigger, bucket: Bucket | null, sighting: Sighting): Bucket | null {
  if (sighting.starts) {
    // An expired window never swallows a new start (S3).
    if (bucket === null || hasEnded(bucket, eventTime(sighting.event))) return openAtStart(trigger, sighting);
    return noted(bucket, sighting, lastOf(trigger, sighting.event));
  }
  if (trigger.after.length > 0) return bucket === null ? null : noted(bucket, sighting, bucket.last);
  return bucket === null
    ? openBefore(trigger, sighting)
    : noted(bucket, sighting, lastOf(trigger, sighting.event));
}

/** The lag and the time of taking are the key's, whatever becomes of its window. */
const noted = (bucket: Bucket, { event, takenAt }: Sighting, last: Bucket["last"]): Bucket => ({
  start: bucket.start,
  end: bucket.end,
  count: bucket.count,
  last,
  paidBy: bucket.paidBy,
  lag: lagOf(event),
  seenAt: takenAt,
});

/** A start that is expected too must not satisfy its own window, hence it counts from below zero. */
function openAtStart(trigger: EventTrigger, { event, takenAt, expected }: Sighting): Bucket {
  const start = eventTime(event);
  return {
    start,
    end: endOf(trigger, start),
    count: expected ? -1 : 0,
    last: lastOf(trigger, event),
    paidBy: [],
    lag: lagOf(event),
    seenAt: takenAt,
  };
}

function openBefore(trigger: EventTrigger, { event, takenAt }: Sighting): Bucket {
  const time = eventTime(event);
  return {
    start: minus(time, LOOK_BACK),
    end: endOf(trigger, time),
    count: 0,
    last: lastOf(trigger, event),
    paidBy: [],
    lag: lagOf(event),
    seenAt: takenAt,
  };
}

/** Reactive triggers fire as soon as enough has been seen, then rest until their window is over. */
import { eventTime } from "../model/event.ts";
import { later } from "../model/time.ts";
import type { EventTrigger } from "../model/trigger.ts";
import { type Bucket, counted, hasEnded, reopened, silent, type Turn } from "./bucket.ts";
import type { Sighting } from "./sighting.ts";

export function react(trigger: EventTrigger, bucket: Bucket, sighting: Sighting): Turn {
  const { event } = sighting;
  const time = eventTime(event);
  // From before this window: spent already, or part of a window that has fired.
  if (time < bucket.start) return silent(bucket);

  const isOver = hasEnded(bucket, time);
  const seen = isOver ? bucket : counted(trigger, bucket, event);
  if (seen.count >= Math.max(trigger.threshold, 1)) return pay(trigger, seen, sighting);
  if (!isOver) return silent(seen);

  // The window ran out unmet.
  if (trigger.after.length > 0 || bucket.end === null) return silent(null);
  return react(trigger, reopened(trigger, bucket, later(bucket.end, time)), sighting);
}

function pay(trigger: EventTrigger, bucket: Bucket, { event, takenAt }: Sighting): Turn {
  const fired = {
    cause: "event" as const,
    at: eventTime(event),
    triggered: takenAt,
    event,
    windowStart: bucket.start,
    windowEnd: bucket.end,
    paidBy: bucket.paidBy,
  };
  return { bucket: nextWindow(trigger, bucket), fired: [fired] };
}

/** The next window starts where this one ends; without an end, or after a start, there is no next one yet. */
const nextWindow = (trigger: EventTrigger, bucket: Bucket): Bucket | null =>
  trigger.after.length > 0 || bucket.end === null ? null : reopened(trigger, bucket, bucket.end);

/** Without anything to count there is nothing to keep: the event pays for the firing alone. */
export const reactAtOnce = (sighting: Sighting): Turn => ({
  bucket: null,
  fired: [
    {
      cause: "event",
      at: eventTime(sighting.event),
      triggered: sighting.takenAt,
      event: sighting.event,
      windowStart: null,
      windowEnd: null,
      paidBy: [sighting.event.id],
    },
  ],
});

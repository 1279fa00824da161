/** Proactive triggers watch a window, and fire at its end when too little was seen in it. */
import { eventTime } from "../model/event.ts";
import type { Instant } from "../model/time.ts";
import type { EventTrigger } from "../model/trigger.ts";
import { type Bucket, counted, hasEnded, joined, reopened, silent, type Turn } from "./bucket.ts";
import type { Sighting } from "./sighting.ts";

export function watch(trigger: EventTrigger, bucket: Bucket, { event, starts }: Sighting): Bucket | null {
  const time = eventTime(event);
  // Before the window it is late; past its end it is too late to satisfy it.
  if (time < bucket.start || hasEnded(bucket, time)) return bucket;

  const seen = counted(trigger, bucket, event);
  if (seen.count < trigger.threshold) return seen;
  // A heartbeat both satisfies the watch and starts it again.
  if (starts) return { ...reopened(trigger, seen, time), last: event };
  // Satisfied; the next start opens a new watch (S8).
  if (trigger.after.length > 0) return null;
  return seen;
}

/** Who judges, and at which W: a timer at its own time, or an event that shows the window to be over. */
export interface Judgement {
  readonly cause: "timer" | "event";
  readonly isMadeDue?: boolean;
  readonly triggered: Instant;
}

/** The window is over: absence fires. Windows without a start tile without gaps (S5, S7). */
export function judge(trigger: EventTrigger, bucket: Bucket, by: Judgement): Turn {
  if (bucket.end === null) return silent(bucket);
  const next = trigger.after.length > 0 ? null : reopened(trigger, bucket, bucket.end);
  if (bucket.count >= trigger.threshold) return silent(next);
  const fired = {
    ...by,
    at: bucket.end,
    event: bucket.last,
    windowStart: bucket.start,
    windowEnd: bucket.end,
    paidBy: bucket.paidBy,
  };
  return { bucket: next, fired: [fired] };
}

/** Judges every window that an event at `time` shows to be over. */
export function judgeUntil(trigger: EventTrigger, bucket: Bucket | null, time: Instant, by: Judgement): Turn {
  let turn = silent(bucket);
  while (turn.bucket !== null && hasEnded(turn.bucket, time))
    turn = joined(turn, judge(trigger, turn.bucket, by));
  return turn;
}

/** Buckets: what one trigger counts for one key in one window, and when its time is over (semantics.md, section 3). */
import type { Event } from "../model/event.ts";
import {
  between,
  type Duration,
  days,
  duration,
  type Instant,
  instant,
  later,
  plus,
  seconds,
} from "../model/time.ts";
import type { EventTrigger } from "../model/trigger.ts";

export interface Bucket {
  /** Inclusive. */
  readonly start: Instant;
  /** Exclusive; null where the window has no end (S4). */
  readonly end: Instant | null;
  readonly count: number;
  readonly last: Event | null;
  /** Ids of the sightings counted, oldest first; no more than the newest that a firing names. */
  readonly paidBy: readonly string[];
  /** By how much the key's last event of interest was late; absence is judged that much later (S1). */
  readonly lag: Duration;
  /** W when the lag was last set. */
  readonly lagSetAt: Instant;
  /** W when the last event of interest was taken, or the bucket first opened: retention counts from here. */
  readonly touchedAt: Instant;
}

/** A firing, as far as the bucket knows it. */
export interface Fired {
  readonly cause: "timer" | "event";
  /** Of a timer: whether it was the event taken at that very W that made it due. Then it runs after that event. */
  readonly isMadeDue?: boolean;
  readonly at: Instant;
  readonly triggered: Instant;
  readonly event: Event | null;
  readonly windowStart: Instant | null;
  readonly windowEnd: Instant | null;
  readonly paidBy: readonly string[];
}

/** What became of a bucket, and what it fired on the way. */
export interface Turn {
  readonly bucket: Bucket | null;
  readonly fired: readonly Fired[];
}

const PAID_BY_MAX = 1000;
/** A reactive window that is over is kept a little, for events that come late. */
const REACTIVE_GRACE = seconds(60);
const RETENTION_LEAST = days(7);
const RETENTION_BEYOND_WINDOW = days(1);

export const hasEnded = (bucket: Bucket, at: Instant): boolean => bucket.end !== null && at >= bucket.end;

/** The end of a window that starts at `start`: none for a Reactive trigger without `within`. */
export const endOf = (trigger: EventTrigger, start: Instant): Instant | null =>
  trigger.posture === "Reactive" && trigger.within === 0 ? null : plus(start, trigger.within);

/** The same bucket with an empty window from `start` on. */
export const reopened = (trigger: EventTrigger, bucket: Bucket, start: Instant): Bucket => ({
  ...bucket,
  start,
  end: endOf(trigger, start),
  count: 0,
  last: null,
  paidBy: [],
});

/** Counts one sighting. What only makes up for the start that it was itself (a count up to 0) pays for nothing. */
export function counted(trigger: EventTrigger, bucket: Bucket, event: Event): Bucket {
  const count = bucket.count + 1;
  const named = Math.min(Math.max(trigger.threshold, 1), PAID_BY_MAX);
  const paidBy = count > 0 ? [...bucket.paidBy, event.id].slice(-named) : bucket.paidBy;
  return { ...bucket, count, last: event, paidBy };
}

/** A Proactive trigger with neither `after` nor `for_each` watches from the moment it is loaded. */
export const isStanding = (trigger: EventTrigger): boolean =>
  trigger.posture === "Proactive" && trigger.after.length === 0 && trigger.forEach.length === 0;

export interface Timer {
  readonly at: Instant;
  readonly does: "judge" | "forget";
}

/** What happens to a bucket next if no event comes; null where it waits for ever. */
export function nextTimer(trigger: EventTrigger, bucket: Bucket, grace: Duration): Timer | null {
  const own = windowTimer(trigger, bucket, grace);
  if (isStanding(trigger)) return own;
  const retention = Math.max(RETENTION_LEAST, trigger.within + RETENTION_BEYOND_WINDOW);
  const forget: Timer = { at: plus(bucket.touchedAt, duration(retention)), does: "forget" };
  return own !== null && own.at < forget.at ? own : forget;
}

function windowTimer(trigger: EventTrigger, bucket: Bucket, grace: Duration): Timer | null {
  if (bucket.end === null) return null;
  if (trigger.posture === "Reactive") return { at: plus(bucket.end, REACTIVE_GRACE), does: "forget" };
  const judged = instant(bucket.end + bucket.lag + grace);
  return { at: later(judged, bucket.lagSetAt), does: "judge" };
}

export const lagOf = (event: Event, time: Instant): Duration => between(time, event.received);

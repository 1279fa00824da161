/** Buckets: what one trigger counts for one key in one window, and when its time is over (semantics.md, section 3). */
import { type Event, eventTime } from "../model/event.ts";
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
  /** The last event the window saw: what absence is told with. Presence is told with what pays, and keeps none. */
  readonly last: Event | null;
  /** Ids of the sightings counted, oldest first; no more than the newest that a firing names. */
  readonly paidBy: readonly string[];
  /** By how much the key's last event of interest was late; absence is judged that much later (S1). */
  readonly lag: Duration;
  /** W when that event was taken, or the bucket first opened: the lag is of then, and retention counts from then. */
  readonly seenAt: Instant;
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

/** A turn in which nothing fired. */
export const silent = (bucket: Bucket | null): Turn => ({ bucket, fired: NOTHING });

/** One turn after another. */
export const joined = ({ fired }: Turn, next: Turn): Turn =>
  fired.length === 0 ? next : { bucket: next.bucket, fired: [...fired, ...next.fired] };

const NOTHING: readonly Fired[] = [];

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
  start,
  end: endOf(trigger, start),
  count: 0,
  last: null,
  paidBy: [],
  lag: bucket.lag,
  seenAt: bucket.seenAt,
});

export const lastOf = ({ posture }: EventTrigger, event: Event): Event | null =>
  posture === "Proactive" ? event : null;

/** Counts one sighting. What only makes up for the start that it was itself (a count up to 0) pays for nothing. */
export function counted(trigger: EventTrigger, bucket: Bucket, event: Event): Bucket {
  const count = bucket.count + 1;
  const paidBy = count > 0 ? withNewest(trigger, bucket.paidBy, event.id) : bucket.paidBy;
  const { start, end, lag, seenAt } = bucket;
  return { start, end, count, last: lastOf(trigger, event), paidBy, lag, seenAt };
}

function withNewest({ threshold }: EventTrigger, ids: readonly string[], id: string): readonly string[] {
  const named = Math.min(Math.max(threshold, 1), PAID_BY_MAX);
  return ids.length < named ? [...ids, id] : [...ids.slice(ids.length - named + 1), id];
}

/** A Proactive trigger with neither `after` nor `for_each` watches from the moment it is loaded. */
export const isStanding = (trigger: EventTrigger): boolean =>
  trigger.posture === "Proactive" && trigger.after.length === 0 && trigger.forEach.length === 0;

/** When something happens to a bucket next if no event comes; null where it waits for ever. */
export function dueAt(trigger: EventTrigger, bucket: Bucket, grace: Duration): Instant | null {
  const own = windowDueAt(trigger, bucket, grace);
  if (isStanding(trigger)) return own;
  const forgotten = forgottenAt(trigger, bucket);
  return own !== null && own < forgotten ? own : forgotten;
}

/** Whether what is due next is that the window is judged; if not, the bucket is forgotten. */
export function isToBeJudged(trigger: EventTrigger, bucket: Bucket, grace: Duration): boolean {
  if (trigger.posture === "Reactive" || bucket.end === null) return false;
  return isStanding(trigger) || judgedAt(bucket, bucket.end, grace) < forgottenAt(trigger, bucket);
}

function windowDueAt(trigger: EventTrigger, bucket: Bucket, grace: Duration): Instant | null {
  const { end } = bucket;
  if (end === null) return null;
  return trigger.posture === "Reactive" ? plus(end, REACTIVE_GRACE) : judgedAt(bucket, end, grace);
}

const judgedAt = ({ lag, seenAt }: Bucket, end: Instant, grace: Duration): Instant =>
  later(instant(end + lag + grace), seenAt);

const forgottenAt = ({ within }: EventTrigger, { seenAt }: Bucket): Instant =>
  plus(seenAt, duration(Math.max(RETENTION_LEAST, within + RETENTION_BEYOND_WINDOW)));

export const lagOf = (event: Event): Duration => between(eventTime(event), event.received);

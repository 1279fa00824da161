/** Matches: an event that one trigger cares about, under its bucket key. */
import type { Event } from "./event.ts";
import type { Instant } from "./time.ts";

export interface Match {
  readonly kind: "match";
  readonly triggerId: string;
  /** The revision of the automation that found it of interest. */
  readonly revision: number;
  /** Values of the trigger's `for_each` labels in sorted label order, `""` for a missing one. */
  readonly key: readonly string[];
  /** Whether the name matches one of `after`. */
  readonly starts: boolean;
  /** Whether `expect` is empty or the name matches one of it. */
  readonly expected: boolean;
  readonly event: Event;
  /** W while the event is taken: its `received`, or for a released follower the instant of its release. */
  readonly takenAt: Instant;
  /** Where it stands among the events taken at that instant, as `Taken` says it. */
  readonly rank: string | null;
}

/** The key under which a trigger's bucket is kept: the trigger, then the values of the bucket key. */
export const bucketKey = (triggerId: string, key: readonly string[]): string =>
  `${triggerId}|${keyText(key)}`;

/** One value stands as it is, for most keys are one and are built for every event; any other list is JSON. */
export function keyText(key: readonly string[]): string {
  const [only] = key;
  return only !== undefined && key.length === 1 && !only.startsWith("[") ? only : JSON.stringify(key);
}

/** The trigger that a bucket's key begins with. */
export const triggerIn = (bucket: string): string => bucket.slice(0, bucket.indexOf("|"));

/** The two parts of a bucket's key again. */
export function splitBucketKey(text: string): {
  readonly triggerId: string;
  readonly key: readonly string[];
} {
  const triggerId = triggerIn(text);
  const rest = text.slice(triggerId.length + 1);
  return { triggerId, key: rest.startsWith("[") ? listOf(rest) : [rest] };
}

const listOf = (text: string): readonly string[] => JSON.parse(text);

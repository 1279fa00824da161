/** Ranks: the order of taking within one instant, as text that sorts by code unit (design.md, section 3). */
import type { Event } from "./event.ts";
import { eventTime } from "./event.ts";
import type { Firing } from "./firing.ts";

/** Digits enough for any instant up to the year 9999, in microseconds. */
const DIGITS = 18;

/** A whole number as text that sorts as the number does. */
export function sortable(value: number): string {
  if (value >= 0) return String(value).padStart(DIGITS, "0");
  // A minus sorts before every digit; below zero the complement puts the lesser number first.
  const complement = Math.max(0, Number.MAX_SAFE_INTEGER + value);
  return `-${String(complement).padStart(DIGITS - 1, "0")}`;
}

/** An event that came by itself: by event time, then id. */
export const arrivalRank = (event: Event): string => `1|${sortable(eventTime(event))}|${event.id}`;

/** The rank of an event that was taken: most came by themselves, and are asked for it only where it matters. */
export const rankOf = ({ event, rank }: { readonly event: Event; readonly rank: string | null }): string =>
  rank ?? arrivalRank(event);

/** A follower that waited longest is released before anything that arrives at that instant: by `occurred`, then id. */
export const releaseRank = (event: Event): string => `0|${sortable(event.occurred)}|${event.id}`;

/** A follower sorts directly after its leader, and after what its leader made fire ("#" sorts before "/"). */
export const followerRank = (leader: string, event: Event): string =>
  `${leader}/${sortable(event.occurred)}|${event.id}`;

/**
 * What fires by a timer goes before what events make fire at that instant, timers by trigger position, then key. But a
 * timer that one of these events made due runs after them, as it does in a replay (semantics.md, section 1).
 */
export const timerRank = (position: number, rest = "", isMadeDue = false): string =>
  `${isMadeDue ? "2" : "0"}|${sortable(position)}|${rest}`;

/** What an event makes fire: by the order in which events are taken, then by trigger position. */
export const firedRank = (eventRank: string, position: number, rest = ""): string =>
  `1|${eventRank}#${sortable(position)}|${rest}`;

/** The same for all firings of one moment: all timers of an instant, or all that was fired while one event was taken. */
export const momentOf = (firing: Pick<Firing, "cause" | "rank">): string =>
  firing.cause === "timer" ? firing.rank.slice(0, 1) : firing.rank.slice(0, firing.rank.lastIndexOf("#"));

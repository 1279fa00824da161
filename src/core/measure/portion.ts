/**
 * Portions: the measurements that leave a metric together, as one count and one sum. A metric is evaluated at multiples
 * of 30 s only, so nothing in between needs telling apart, and what is kept does not grow with the number of runs.
 */
import { type Duration, days, duration, type Instant, instant, plus, seconds } from "../model/time.ts";

export interface Portion {
  /** The first evaluation at which it no longer counts. */
  readonly until: Instant;
  readonly count: number;
  /** Milliseconds, which add up exactly; for successes, how many there were. */
  readonly sum: number;
}

/** Metrics are evaluated at multiples of this since 1970. */
export const EVERY = seconds(30);
/** A range has at most about so many portions; one longer than 30,000 s moves on in as many larger steps. */
const PORTIONS = 1000;
/** A run that has begun is waited for so long. */
const PATIENCE = days(7);
/** What is given up is given up on the hour, so that runs that hang for days make few portions. */
const HOUR = seconds(3600);

const upTo = (at: Instant, step: Duration): Instant => instant(Math.ceil(at / step) * step);

/** The first evaluation after this instant. */
export const nextEvaluation = (after: Instant): Instant => instant((Math.floor(after / EVERY) + 1) * EVERY);

/** When a measurement made at this time has left the range. */
export function leavesRange(at: Instant, range: Duration): Instant {
  const step = duration(Math.max(1, Math.ceil(range / EVERY / PORTIONS)) * EVERY);
  return upTo(plus(at, range), step);
}

/** When the end of what began at this time is no longer waited for. */
export const givenUpAt = (start: Instant): Instant => upTo(plus(start, PATIENCE), HOUR);

/** Adds portions to others; what has come to nothing is left out. */
export function added(portions: readonly Portion[], more: readonly Portion[]): readonly Portion[] {
  if (more.length === 0) return portions;
  const sums = new Map(portions.map((portion) => [portion.until, portion]));
  for (const { until, count, sum } of more) {
    const before = sums.get(until);
    sums.set(until, { until, count: (before?.count ?? 0) + count, sum: (before?.sum ?? 0) + sum });
  }
  return Array.from(sums.values()).filter(({ count, sum }) => count !== 0 || sum !== 0);
}

/** What must be added to `before` to come to `after`. */
export const difference = (before: readonly Portion[], after: readonly Portion[]): readonly Portion[] =>
  added(
    after,
    before.map(({ until, count, sum }) => ({ until, count: -count, sum: -sum })),
  );

/** Those that still count at an evaluation. */
export const still = (portions: readonly Portion[], at: Instant): readonly Portion[] =>
  portions.filter(({ until }) => until > at);

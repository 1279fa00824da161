/** Breaches: how long a value has been over the line, or back, and whether that is long enough to say so. */
import { between, type Instant } from "../model/time.ts";
import type { MetricTrigger } from "../model/trigger.ts";

export interface Breach {
  /** What was said last: well, until something else was. */
  readonly state: "Triggered" | "Resolved";
  /** Since when the value has shown the opposite at every evaluation; null where it does not. */
  readonly since: Instant | null;
}

export const WELL: Breach = { state: "Resolved", since: null };

/** The breach after an evaluation; its state has changed where there is something to say. */
export function judge(
  { operator, threshold, firingFor }: MetricTrigger["metric"],
  breach: Breach,
  { value, at }: { readonly value: number | null; readonly at: Instant },
): Breach {
  // Without a value there is neither breach nor recovery.
  if (value === null) return breach;
  const shown = isOver(value, operator, threshold) ? "Triggered" : "Resolved";
  if (shown === breach.state) return { state: shown, since: null };
  const since = breach.since ?? at;
  return between(since, at) < firingFor ? { ...breach, since } : { state: shown, since: null };
}

function isOver(value: number, operator: MetricTrigger["metric"]["operator"], threshold: number): boolean {
  switch (operator) {
    case "<":
      return value < threshold;
    case "<=":
      return value <= threshold;
    case ">":
      return value > threshold;
    case ">=":
      return value >= threshold;
  }
}

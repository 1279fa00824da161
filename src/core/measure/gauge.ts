/** Gauges: a metric's measurements over its range, and the value they come to (semantics.md, section 5). */
import { type Instant, instant, later, toMillis } from "../model/time.ts";
import type { MetricTrigger } from "../model/trigger.ts";
import { type Breach, WELL } from "./breach.ts";
import { added, EVERY, nextEvaluation, type Portion, still } from "./portion.ts";
import type { Reading } from "./reading.ts";

export interface Gauge {
  readonly kind: "gauge";
  readonly samples: readonly Portion[];
  /** Runs that are Late and not running yet; the sums are of the times from Late until the portion's end. */
  readonly open: readonly Portion[];
  readonly breach: Breach;
  /** The latest instant that needs no evaluation any more. */
  readonly evaluated: Instant;
}

/** A gauge that nothing has been read from yet. */
export const newGauge = (at: Instant): Gauge => ({
  kind: "gauge",
  samples: [],
  open: [],
  breach: WELL,
  evaluated: instant(nextEvaluation(at) - EVERY),
});

/** Adds what runs have come to since they were last read. What has left the range already changes nothing. */
export function read(gauge: Gauge, { samples, open, takenAt }: Reading): Gauge {
  const at = later(takenAt, gauge.evaluated);
  return {
    ...gauge,
    samples: added(gauge.samples, still(samples, at)),
    open: added(gauge.open, still(open, at)),
  };
}

/** The gauge at an evaluation, without what has left the range. */
export const advanced = (gauge: Gauge, at: Instant): Gauge => ({
  ...gauge,
  samples: still(gauge.samples, at),
  open: still(gauge.open, at),
  evaluated: at,
});

/** Seconds on average, or for successes the part that went well; null where there is nothing in range. */
export function valueAt(metric: MetricTrigger["metric"], gauge: Gauge, at: Instant): number | null {
  let count = 0;
  let sum = 0;
  for (const portion of gauge.samples) {
    count += portion.count;
    sum += portion.sum;
  }
  for (const portion of gauge.open) {
    count += portion.count;
    sum += portion.sum - portion.count * (toMillis(portion.until) - toMillis(at));
  }
  if (count <= 0) return null;
  return metric.name === "successes" ? sum / count : sum / count / 1000;
}

/** When the value may next be another; null where nothing is in range, so that no time changes anything. */
export const nextWake = ({ samples, open, evaluated }: Gauge, at: Instant): Instant | null =>
  samples.length + open.length === 0 ? null : nextEvaluation(later(evaluated, at));

/** Nothing in range, and nothing to come back from: as if it had never been. */
export const isEmpty = ({ samples, open, breach }: Gauge): boolean =>
  samples.length + open.length === 0 && breach.state === WELL.state && breach.since === null;

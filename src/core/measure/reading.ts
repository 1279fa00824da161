/** Readings: what a run has come to anew, on its way from where its events arrive to the gauge of its metric. */
import type { Instant } from "../model/time.ts";
import type { Portion } from "./portion.ts";

export interface Reading {
  readonly kind: "reading";
  readonly triggerId: string;
  /** The revision of the automation that found the run of interest. */
  readonly revision: number;
  /** W while the event was taken that it comes of. */
  readonly takenAt: Instant;
  /** Where that event stands among those taken at that instant. */
  readonly rank: string;
  /** To be added to what the gauge holds; what no longer holds has a count below zero. */
  readonly samples: readonly Portion[];
  readonly open: readonly Portion[];
}

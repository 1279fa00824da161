/** Firings: the fact that a trigger fired, and why. */
import type { Event } from "./event.ts";
import type { Labels } from "./labels.ts";
import type { Instant } from "./time.ts";

export interface Firing {
  readonly kind: "firing";
  /** Derived from what it identifies (design.md, section 1), so that a replay gives the same id. */
  readonly id: string;
  readonly automationId: string;
  readonly triggerId: string;
  /** The revision of the automation that decided. */
  readonly revision: number;
  readonly state: "Triggered" | "Resolved";
  /** Event time: of the paying event, of the window's end, or the latest of the children. */
  readonly at: Instant;
  /** The watermark when an event made it fire, the timer's time when a timer did. */
  readonly triggered: Instant;
  /** The paying event; for absence the last one the window saw. */
  readonly event: Event | null;
  /** The `for_each` labels and their values; `{}` for composites. */
  readonly labels: Labels;
  /** Values of the `for_each` labels in sorted label order. */
  readonly key: readonly string[];
  readonly windowStart: Instant | null;
  readonly windowEnd: Instant | null;
  /** Ids of the events that paid for it, oldest first; at most the newest `threshold` of them. */
  readonly paidBy: readonly string[];
  /** For composites, in the order of the children. */
  readonly children: readonly Firing[];
  /** A metric's value, where a metric fired. */
  readonly value: number | null;
  /** Automations that led to it: its own, and those of its paying events (semantics.md, S15). */
  readonly causes: readonly string[];
  /** What made it fire: a timer, or the event being taken. */
  readonly cause: "timer" | "event";
  /** Where it stands among the firings of its `triggered` instant: sorts as text (design.md, section 3). */
  readonly rank: string;
}

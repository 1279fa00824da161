/** Slots: the latest firing of each child of a composite, until it is used (semantics.md, section 4). */
import type { Firing } from "../model/firing.ts";
import { type Duration, type Instant, later, minus } from "../model/time.ts";

export interface Slot {
  readonly firing: Firing;
  /** Counts through all that the tree has taken: tells which of two firings came first. */
  readonly order: number;
}

/** One place a child, in the order of the children; null where it has not fired. */
export type Slots = readonly (Slot | null)[];

export const isHeld = (slot: Slot | null): slot is Slot => slot !== null;

export const filled = (slots: Slots, child: number, slot: Slot): Slots => slots.with(child, slot);

/** The latest event time of what is held; null where nothing is. */
export const latestAt = (slots: Slots): Instant | null =>
  slots
    .filter(isHeld)
    .reduce<Instant | null>(
      (latest, { firing }) => (latest === null ? firing.at : later(latest, firing.at)),
      null,
    );

/** Without what is older than `within`; what is exactly as old stays. */
export function fresh(slots: Slots, now: Instant, within: Duration | null): Slots {
  if (within === null) return slots;
  const from = minus(now, within);
  return slots.map((slot) => (slot !== null && slot.firing.at < from ? null : slot));
}

/** Whether all are held, and none happened before the one written before it; at one instant, none fired before it. */
export function isInOrder(slots: Slots): boolean {
  return slots.every((slot, i) => {
    const before = slots[i - 1];
    if (slot === null || before === null) return false;
    if (before === undefined) return true;
    const step = slot.firing.at - before.firing.at;
    return step > 0 || (step === 0 && slot.order > before.order);
  });
}

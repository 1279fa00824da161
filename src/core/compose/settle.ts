/** Settles one moment of a tree: firings go up through compounds at once, through sequences at the end (semantics.md, section 4). */
import type { AutomationTable } from "../model/automation-table.ts";
import type { Firing } from "../model/firing.ts";
import type { Instant } from "../model/time.ts";
import { type Composite, firingOf, parentOf } from "./composite.ts";
import { byEvent, type Moment } from "./moment.ts";
import { filled, fresh, isHeld, isInOrder, latestAt, type Slot, type Slots } from "./slots.ts";
import { slotsOf, type Tree, withSlots } from "./tree.ts";

export interface Settled {
  readonly tree: Tree;
  /** Firings of the root. */
  readonly fired: readonly Firing[];
}

/** A sequence that waits for the moment to end, with the firings of its children. */
interface Pending {
  readonly composite: Composite;
  readonly firings: { readonly firing: Firing; readonly child: number }[];
}

export function settle(tree: Tree, moment: Moment, automations: AutomationTable): Settled {
  const course = new Course(tree, automations);
  for (const firing of moment.firings) course.goUp(firing);
  course.settleSequences();
  return { tree: course.tree, fired: course.fired };
}

/** The course of one moment; lives as long as `settle` runs. */
class Course {
  tree: Tree;
  readonly fired: Firing[] = [];
  readonly #automations: AutomationTable;
  readonly #pending = new Map<string, Pending>();
  /** The composites that have fired while this event is being taken. */
  readonly #spent = new Set<string>();

  constructor(tree: Tree, automations: AutomationTable) {
    this.tree = tree;
    this.#automations = automations;
  }

  /** Hands a firing to the composite above it; that of the root leaves the tree. */
  goUp(firing: Firing): void {
    const placed = this.#automations.triggers.get(firing.triggerId);
    // The trigger is gone, or a metric is well again, which no composite is told.
    if (placed === undefined || firing.state === "Resolved") return;
    const parent = parentOf(firing, this.#automations);
    if (parent === null) {
      this.fired.push(firing);
      return;
    }
    const { composite, child } = parent;
    if (composite.trigger.kind === "compound") this.#takeInCompound(composite, child, firing);
    else this.#await(composite, child, firing);
  }

  /** Sequences settle in the order of their first firing; what they fire goes up likewise. */
  settleSequences(): void {
    for (let next = this.#nextPending(); next !== null; next = this.#nextPending()) {
      for (const among of byEvent(next.firings)) {
        this.#takeInSequence(
          next.composite,
          among.toSorted((a, b) => a.child - b.child),
        );
      }
    }
  }

  #await(composite: Composite, child: number, firing: Firing): void {
    const { id } = composite.trigger;
    const pending = this.#pending.get(id) ?? { composite, firings: [] };
    pending.firings.push({ firing, child });
    this.#pending.set(id, pending);
  }

  #nextPending(): Pending | null {
    for (const [id, pending] of this.#pending) {
      this.#pending.delete(id);
      return pending;
    }
    return null;
  }

  #takeInCompound(composite: Composite, child: number, firing: Firing): void {
    if (composite.needed === 1) {
      this.#fire(composite, firing.at, { completing: firing, children: [firing] });
      return;
    }
    const slots = slotsOf(this.tree, composite, firing);
    const held = slots[child] ?? null;
    const isNewer = held === null || held.firing.at <= firing.at;
    this.#ripen(composite, firing, isNewer ? filled(slots, child, this.#slot(firing)) : slots);
  }

  /** Of all children that one event fired, only one takes it: the first with an empty slot, else the last (S11). */
  #takeInSequence(composite: Composite, among: Pending["firings"]): void {
    const [first] = among;
    const last = among.at(-1);
    if (first === undefined || last === undefined) return;
    if (composite.needed === 1) {
      for (const { firing } of among) {
        this.#fire(composite, firing.at, { completing: firing, children: [firing] });
      }
      return;
    }
    const slots = slotsOf(this.tree, composite, first.firing);
    const { firing, child } = among.find((one) => !slots[one.child]) ?? last;
    this.#ripen(composite, firing, filled(slots, child, this.#slot(firing)));
  }

  /** Drops what has grown too old, then fires if enough is held. */
  #ripen(composite: Composite, firing: Firing, slots: Slots): void {
    const { trigger, needed } = composite;
    const now = latestAt(slots) ?? firing.at;
    const left = fresh(slots, now, trigger.within);
    const held = left.filter(isHeld);
    const isReady = trigger.kind === "sequence" ? isInOrder(left) : held.length >= needed;
    const children = held.map((slot) => slot.firing);
    const hasFired = isReady && this.#fire(composite, now, { completing: firing, children });
    const kept = hasFired ? left.map(() => null) : left;
    this.tree = withSlots(this.tree, composite, { firing, slots: kept });
  }

  /** At most once while an event is taken; a firing made by a timer is never suppressed. False if it was. */
  #fire(
    composite: Composite,
    at: Instant,
    made: { readonly completing: Firing; readonly children: readonly Firing[] },
  ): boolean {
    const { id } = composite.trigger;
    if (made.completing.cause === "event") {
      if (this.#spent.has(id)) return false;
      this.#spent.add(id);
    }
    this.goUp(firingOf(composite, at, made));
    return true;
  }

  #slot(firing: Firing): Slot {
    const order = this.tree.filled + 1;
    this.tree = { ...this.tree, filled: order };
    return { firing, order };
  }
}

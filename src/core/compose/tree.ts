/** What is kept of a tree of composites: the slots of each, under the meaning for which they were filled. */
import type { AutomationTable } from "../model/automation-table.ts";
import type { Firing } from "../model/firing.ts";
import { days, duration, type Instant, instant, plus } from "../model/time.ts";
import { isSplit } from "../model/tree-key.ts";
import { type CompositeTrigger, isComposite } from "../model/trigger.ts";
import type { Composite } from "./composite.ts";
import { isHeld, type Slots } from "./slots.ts";

export interface Tree {
  /** How many slots have been filled so far. */
  readonly filled: number;
  readonly composites: Readonly<Record<string, Kept>>;
}

export interface Kept {
  readonly meaning: string;
  /** By the key of the children where the composite correlates them, else all under one. */
  readonly groups: Readonly<Record<string, Slots>>;
}

export const EMPTY: Tree = { filled: 0, composites: {} };

/** Children are joined by their keys only where the composite says so; and a split tree has but one key. */
const groupOf = ({ placed, trigger }: Composite, firing: Firing): string =>
  trigger.correlate && !isSplit(placed.automation.trigger) ? JSON.stringify(firing.key) : "[]";

export function slotsOf(tree: Tree, composite: Composite, firing: Firing): Slots {
  const kept = keptOf(tree, composite);
  const group = groupOf(composite, firing);
  const slots = kept !== null && Object.hasOwn(kept.groups, group) ? kept.groups[group] : undefined;
  return slots ?? composite.trigger.triggers.map(() => null);
}

export function withSlots(
  tree: Tree,
  composite: Composite,
  { firing, slots }: { readonly firing: Firing; readonly slots: Slots },
): Tree {
  const { id } = composite.trigger;
  const group = groupOf(composite, firing);
  const { [group]: _, ...others } = keptOf(tree, composite)?.groups ?? {};
  const groups = slots.some(isHeld) ? { ...others, [group]: slots } : others;
  const { [id]: __, ...rest } = tree.composites;
  if (isEmpty(groups)) return { ...tree, composites: rest };
  return { ...tree, composites: { ...rest, [id]: { meaning: composite.placed.meaning, groups } } };
}

export function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  for (const _ in record) return false;
  return true;
}

const keptOf = (tree: Tree, { trigger }: Composite): Kept | null => tree.composites[trigger.id] ?? null;

/** Correlated slots are kept per key, and keys come without end: what has not been used for so long is forgotten. */
const RETENTION_LEAST = days(7);
const RETENTION_BEYOND_WINDOW = days(1);

/** When a composite that correlates may forget a group of slots; null for all others, which have only one group. */
function forgottenAt({ correlate, within }: CompositeTrigger, slots: Slots): Instant | null {
  if (!correlate) return null;
  let latest = Number.NEGATIVE_INFINITY;
  for (const slot of slots)
    if (slot !== null && slot.firing.triggered > latest) latest = slot.firing.triggered;
  if (latest === Number.NEGATIVE_INFINITY) return null;
  return plus(instant(latest), duration(Math.max(RETENTION_LEAST, (within ?? 0) + RETENTION_BEYOND_WINDOW)));
}

/** The composite that a tree keeps slots of; null where it is gone or means something else (semantics.md, section 7). */
function ownerOf(id: string, { meaning }: Kept, { triggers }: AutomationTable): CompositeTrigger | null {
  const placed = triggers.get(id);
  return placed?.meaning === meaning && isComposite(placed.trigger) ? placed.trigger : null;
}

/** Without slots that nobody owns any more, and without what is forgotten by now; most trees are as they should be. */
export function pruned(tree: Tree, table: AutomationTable, at: Instant): Tree {
  return isAsItShouldBe(tree, table, at) ? tree : { ...tree, composites: prunedComposites(tree, table, at) };
}

function isAsItShouldBe({ composites }: Tree, table: AutomationTable, at: Instant): boolean {
  for (const id in composites) {
    const kept = composites[id];
    const trigger = kept === undefined ? null : ownerOf(id, kept, table);
    if (kept === undefined || trigger === null) return false;
    for (const group in kept.groups) if (isForgotten(trigger, kept.groups[group] ?? [], at)) return false;
  }
  return true;
}

function isForgotten(trigger: CompositeTrigger, slots: Slots, at: Instant): boolean {
  const until = forgottenAt(trigger, slots);
  return until !== null && until <= at;
}

function prunedComposites({ composites }: Tree, table: AutomationTable, at: Instant): Tree["composites"] {
  const left = Object.entries(composites).flatMap(([id, kept]) => {
    const trigger = ownerOf(id, kept, table);
    if (trigger === null) return [];
    const groups = Object.entries(kept.groups).filter(([, slots]) => !isForgotten(trigger, slots, at));
    return groups.length === 0 ? [] : [[id, { ...kept, groups: Object.fromEntries(groups) }] as const];
  });
  return Object.fromEntries(left);
}

/** When there is next something to forget. */
export function nextForgotten({ composites }: Tree, table: AutomationTable): Instant | null {
  let least: Instant | null = null;
  for (const id in composites) {
    const kept = composites[id];
    const trigger = kept === undefined ? null : ownerOf(id, kept, table);
    if (kept === undefined || trigger === null) continue;
    for (const group in kept.groups) {
      const until = forgottenAt(trigger, kept.groups[group] ?? []);
      if (until !== null && (least === null || until < least)) least = until;
    }
  }
  return least;
}

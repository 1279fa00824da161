/** What is kept of a tree of composites: the slots of each, under the meaning for which they were filled. */
import type { AutomationTable } from "../model/automation-table.ts";
import type { Firing } from "../model/firing.ts";
import { days, duration, type Instant, instant, plus } from "../model/time.ts";
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

/** Children are joined by their keys only where the composite says so. */
const groupOf = ({ trigger }: Composite, firing: Firing): string =>
  trigger.correlate ? JSON.stringify(firing.key) : "[]";

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
  const others = Object.entries(keptOf(tree, composite)?.groups ?? {});
  const group = groupOf(composite, firing);
  const groups = [...others.filter(([name]) => name !== group), [group, slots] as const];
  const held = groups.filter(([, one]) => one.some(isHeld));
  const { [id]: _, ...rest } = tree.composites;
  if (held.length === 0) return { ...tree, composites: rest };
  const kept: Kept = { meaning: composite.placed.meaning, groups: Object.fromEntries(held) };
  return { ...tree, composites: { ...rest, [id]: kept } };
}

const keptOf = (tree: Tree, { trigger }: Composite): Kept | null => tree.composites[trigger.id] ?? null;

/** Correlated slots are kept per key, and keys come without end: what has not been used for so long is forgotten. */
const RETENTION_LEAST = days(7);
const RETENTION_BEYOND_WINDOW = days(1);

/** When a composite that correlates may forget a group of slots; null for all others, which have only one group. */
function forgottenAt({ correlate, within }: CompositeTrigger, slots: Slots): Instant | null {
  const held = slots.filter(isHeld).map(({ firing }) => firing.triggered);
  if (!correlate || held.length === 0) return null;
  const retention = Math.max(RETENTION_LEAST, (within ?? 0) + RETENTION_BEYOND_WINDOW);
  return plus(instant(Math.max(...held)), duration(retention));
}

/** Without composites that are gone or mean something else (semantics.md, section 7), and without what is forgotten; null where nothing is held. */
export function pruned(tree: Tree, { triggers }: AutomationTable, at: Instant): Tree | null {
  const composites: [string, Kept][] = [];
  for (const [id, { meaning, groups }] of Object.entries(tree.composites)) {
    const placed = triggers.get(id);
    if (placed?.meaning !== meaning || !isComposite(placed.trigger)) continue;
    const { trigger } = placed;
    const left = Object.entries(groups).filter(([, slots]) => {
      const until = forgottenAt(trigger, slots);
      return until === null || until > at;
    });
    if (left.length > 0) composites.push([id, { meaning, groups: Object.fromEntries(left) }]);
  }
  return composites.length === 0 ? null : { ...tree, composites: Object.fromEntries(composites) };
}

/** When there is next something to forget. */
export function nextForgotten(tree: Tree, { triggers }: AutomationTable): Instant | null {
  const times = Object.entries(tree.composites).flatMap(([id, { groups }]) => {
    const trigger = triggers.get(id)?.trigger;
    if (trigger === undefined || !isComposite(trigger)) return [];
    return Object.values(groups).map((slots) => forgottenAt(trigger, slots));
  });
  return times.reduce(
    (least, time) => (least === null || (time !== null && time < least) ? time : least),
    null,
  );
}

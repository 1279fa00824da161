/** The key under which a tree of composites keeps its slots: its root, and what its root joins its children by. */
import type { Placed } from "./automation-table.ts";
import { bucketKey } from "./match.ts";
import { isComposite, type Trigger } from "./trigger.ts";

/**
 * The tree key for the firing of a trigger. A root that correlates its children lives apart for every key of theirs,
 * so that a million keys are a million small states in all tasks, not one large state in one.
 */
export function treeKey({ automation, rootId }: Placed, firingKey: readonly string[]): string {
  return isSplit(automation.trigger) ? bucketKey(rootId, firingKey) : rootId;
}

/** Whether the tree of this root lives apart for every key: all below a root that correlates have the same labels. */
export const isSplit = (root: Trigger): boolean => isComposite(root) && root.correlate;

/** The root trigger of a tree key. */
export function rootOf(key: string): string {
  const bar = key.indexOf("|");
  return bar < 0 ? key : key.slice(0, bar);
}

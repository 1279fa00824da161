/** Where a firing goes from the trigger that fired. */
import type { Emission } from "../processor.ts";
import type { Placed } from "./automation-table.ts";
import type { Firing } from "./firing.ts";
import { treeKey } from "./tree-key.ts";

/** To the composite it is a child of, at the home of that tree; that of a root goes to its actions. */
export function upwards(placed: Placed, firing: Firing): Emission {
  if (placed.parent === null) return { to: "act", key: placed.automation.id, home: null, value: firing };
  const key = treeKey(placed, firing.key);
  return { to: "compose", key, home: { of: key, gathers: true }, value: firing };
}

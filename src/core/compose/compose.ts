/** Compose: joins the firings of children into those of compounds and sequences (semantics.md, section 4). */
import type { Firing } from "../model/firing.ts";
import { rootOf } from "../model/tree-key.ts";
import type { Emission, Stage } from "../processor.ts";
import { type ComposeInput, joined, placeOf } from "./moment.ts";
import { settle } from "./settle.ts";
import { EMPTY, isEmpty, nextForgotten, pruned, type Tree } from "./tree.ts";

export type { ComposeInput } from "./moment.ts";
export type { Tree } from "./tree.ts";

export const compose: Stage<Tree, ComposeInput> = {
  process({ key, state, input }, { automations, at }) {
    // The tree is gone, and its slots with it (S13).
    if (!automations.triggers.has(rootOf(key))) return { state: null, emit: [], wakeAt: null };
    const before = state === null ? EMPTY : pruned(state, automations, at);
    const { tree, fired } =
      input.kind === "wake" ? { tree: before, fired: [] } : settle(before, joined([input]), automations);
    return {
      state: isEmpty(tree.composites) ? null : tree,
      emit: fired.map(toAct),
      wakeAt: nextForgotten(tree, automations),
    };
  },
  placeOf,
  join: joined,
  owner: { of: rootOf, keptWhile: "id" },
};

const toAct = (firing: Firing): Emission => ({
  to: "act",
  key: firing.automationId,
  home: null,
  value: firing,
});

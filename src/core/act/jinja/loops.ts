/** What a loop goes through, and what `loop` says within it. */
import type { Expression } from "./arguments.ts";
import { Scope } from "./frames.ts";
import { equals } from "./operators.ts";
import { assign, type Target } from "./targets.ts";
import { Callable, isDict, isTrue, itemsOf, type Value } from "./values.ts";

export interface Loop {
  readonly target: Target;
  readonly condition: Expression | null;
  readonly scope: Scope;
}

/** The items a loop goes through: with two names, the names and values of a dictionary. */
export function chosen(from: Value, { target, condition, scope }: Loop): readonly Value[] {
  const isPair = typeof target !== "string" && target.length === 2;
  const items = itemsOf(isPair && isDict(from) ? Object.entries(from) : from, scope.budget);
  if (condition === null) return items;
  return items.filter((item) => {
    const inner = new Scope(scope);
    assign(target, item, inner);
    return isTrue(condition(inner));
  });
}

/** The `loop` of one turn after the other; `changed` remembers what it was asked last. */
export function loopVariables(items: readonly Value[]): (i: number) => Value {
  let last: readonly Value[] | null = null;
  const changed = new Callable(({ positional }, budget) => {
    const isSame = last !== null && equals(last, positional, budget);
    last = positional;
    return !isSame;
  });
  return (i) => ({
    index: i + 1,
    index0: i,
    revindex: items.length - i,
    revindex0: items.length - i - 1,
    first: i === 0,
    last: i === items.length - 1,
    length: items.length,
    // Only recursive loops go deeper.
    depth: 1,
    depth0: 0,
    previtem: items[i - 1],
    nextitem: items[i + 1],
    cycle: new Callable(({ positional }) => positional[i % Math.max(1, positional.length)]),
    changed,
  });
}

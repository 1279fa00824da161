/** What a call did to the slots of one composite, told from the slots before and after it (semantics.md, section 4). */
import type { ComposeInput, Tree } from "../../core/compose/compose.ts";
import type { Firing } from "../../core/model/firing.ts";
import type { Instant } from "../../core/model/time.ts";
import type { CompositeTrigger } from "../../core/model/trigger.ts";
import type { Wake } from "../../core/processor.ts";
import { type Words, wordsOn } from "./words.ts";

/** One call of `compose` for one tree. */
export interface SlotsTurn {
  readonly before: Tree | null;
  readonly after: Tree | null;
  readonly input: ComposeInput | Wake;
  /** Firings of the root. */
  readonly fired: readonly Firing[];
}

/** What happened to the slots under one key: `[]` unless the composite correlates its children. */
export interface SlotsLine {
  readonly key: readonly string[];
  readonly text: string;
}

type Held = readonly (Firing | null)[];

export function slotsLines(trigger: CompositeTrigger, turn: SlotsTurn, at: Instant): readonly SlotsLine[] {
  const before = groupsOf(trigger, turn.before);
  const after = groupsOf(trigger, turn.after);
  const children = firingsIn(turn.input).filter((firing) => childOf(trigger, firing) >= 0);
  const fired = newFirings(trigger, turn);
  const keys = new Set([...before.keys(), ...after.keys(), ...children.map((one) => groupOf(trigger, one))]);
  const words = wordsOn(at);
  return Array.from(keys).flatMap((group) => {
    const key: readonly string[] = JSON.parse(group);
    const text = groupLine(trigger, words, {
      before: before.get(group) ?? [],
      after: after.get(group) ?? [],
      children: children.filter((one) => groupOf(trigger, one) === group),
      fired: fired.filter(
        ({ children: [first] }) => first !== undefined && groupOf(trigger, first) === group,
      ),
    });
    return text === null ? [] : [{ key, text }];
  });
}

const firingsIn = (input: ComposeInput | Wake): readonly Firing[] =>
  input.kind === "moment" ? input.firings : input.kind === "firing" ? [input] : [];

const groupOf = ({ correlate }: CompositeTrigger, { key }: Firing): string =>
  correlate ? JSON.stringify(key) : "[]";

const childOf = ({ triggers }: CompositeTrigger, firing: Firing): number =>
  triggers.findIndex(({ id }) => id === firing.triggerId);

function groupsOf(trigger: CompositeTrigger, tree: Tree | null): ReadonlyMap<string, Held> {
  const groups = tree?.composites[trigger.id]?.groups ?? {};
  return new Map(
    Object.entries(groups).map(([group, slots]) => [group, slots.map((slot) => slot?.firing ?? null)]),
  );
}

/** Firings of this composite that this call made: those of the root, and those that went into a slot above. */
function newFirings(trigger: CompositeTrigger, { before, after, fired }: SlotsTurn): readonly Firing[] {
  const known = new Set(slotted(before).map(({ id }) => id));
  const made = [...fired, ...slotted(after)].flatMap(withThoseBelow);
  return made.filter(({ triggerId, id }, i) => {
    const isFirst = made.findIndex((other) => other.id === id) === i;
    return triggerId === trigger.id && isFirst && !known.has(id);
  });
}

const slotted = (tree: Tree | null): readonly Firing[] =>
  Object.values(tree?.composites ?? {}).flatMap(({ groups }) =>
    Object.values(groups).flatMap((slots) =>
      slots.flatMap((slot) => (slot === null ? [] : withThoseBelow(slot.firing))),
    ),
  );

const withThoseBelow = (firing: Firing): readonly Firing[] => [
  firing,
  ...firing.children.flatMap(withThoseBelow),
];

interface Group {
  readonly before: Held;
  readonly after: Held;
  /** The children that fired, as far as they are no composites themselves. */
  readonly children: readonly Firing[];
  readonly fired: readonly Firing[];
}

/** Null where nothing happened. */
function groupLine(trigger: CompositeTrigger, words: Words, group: Group): string | null {
  const { before, after, children, fired } = group;
  const child = (i: number, one: Firing): string =>
    `triggers[${i}] (${one.event === null ? "absence" : one.event.event} at ${words.time(one.at)})`;
  const told = children.map((one) => child(childOf(trigger, one), one));
  const who = told.length === 0 ? "" : `${told.join(", ")} fired`;
  if (fired.length > 0) {
    const paid = fired.flatMap((one) => one.children.map((below) => child(childOf(trigger, below), below)));
    return [who, `→ fired, by ${paid.join(", ")}`].filter((part) => part !== "").join(" ");
  }
  const dropped = before.flatMap((one, i) =>
    one !== null && (after[i] ?? null) === null ? [`forgot ${child(i, one)}: older than within`] : [],
  );
  const changes = trigger.triggers.some((_, i) => (before[i] ?? null)?.id !== (after[i] ?? null)?.id);
  if (who === "" && !changes) return null;
  const held = after.flatMap((one, i) => (one === null ? [] : [child(i, one)]));
  const holds = `holds ${held.length} of ${trigger.triggers.length}: ${held.join(", ") || "none"}`;
  const idle = changes ? [] : [whyIdle(trigger)];
  return [who, ...dropped, ...idle, `${holds}${disorder(trigger, after)}`]
    .filter((one) => one !== "")
    .join("; ");
}

const whyIdle = (trigger: CompositeTrigger): string =>
  trigger.kind === "compound" && trigger.require === "any"
    ? "it has fired for this event already"
    : "its slot holds a later one";

/** A sequence may hold all it needs, and still not fire. */
const disorder = ({ kind, triggers }: CompositeTrigger, held: Held): string =>
  kind === "sequence" && held.filter((one) => one !== null).length === triggers.length
    ? ", not in the order written"
    : "";

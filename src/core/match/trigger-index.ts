/** Finds the triggers an event may interest by its name and resource, without asking every one of them. */
import type { AutomationTable, Placed } from "../model/automation-table.ts";
import { type Event, resourceId } from "../model/event.ts";
import { RESOURCE_ID } from "../model/labels.ts";
import type { EventTrigger } from "../model/trigger.ts";
import { type Interest, interestOf } from "./interest.ts";

export interface Candidate {
  readonly placed: Placed;
  readonly trigger: EventTrigger;
  readonly interest: Interest;
  /** The labels of its key, in order. */
  readonly keyLabels: readonly string[];
}

export interface TriggerIndex {
  /** The triggers whose names fit the event, by position; some of them may not be concerned by its resources. */
  candidates(event: Event): readonly Candidate[];
}

const indexes = new WeakMap<AutomationTable, TriggerIndex>();

/** The index of a table, built when first asked for. */
export function indexOf(table: AutomationTable): TriggerIndex {
  const known = indexes.get(table);
  if (known !== undefined) return known;
  const index = build(table);
  indexes.set(table, index);
  return index;
}

function build(table: AutomationTable): TriggerIndex {
  const byName = new Map<string, Shelf>();
  const byPrefix = new Map<string, Shelf>();
  const anyName = new Shelf();
  for (const candidate of candidatesOf(table)) {
    for (const shelf of shelvesFor(candidate, { byName, byPrefix, anyName })) shelf.put(candidate);
  }
  const prefixLengths = [...new Set(Array.from(byPrefix.keys(), (prefix) => prefix.length))];

  return {
    candidates(event) {
      const resource = resourceId(event);
      const name = event.event;
      const found = [...anyName.of(resource)];
      const take = (shelf: Shelf | undefined): void => {
        if (shelf !== undefined) found.push(...shelf.of(resource));
      };
      take(byName.get(name));
      for (const length of prefixLengths) {
        if (length < name.length) take(byPrefix.get(name.slice(0, length)));
      }
      return inOrder(found).filter(({ interest }) => interest.isExpected(name) || interest.isStart(name));
    },
  };
}

function* candidatesOf(table: AutomationTable): Iterable<Candidate> {
  for (const placed of table.triggers.values()) {
    const { trigger } = placed;
    if (trigger.kind !== "event") continue;
    const interest = interestOf(trigger);
    yield { placed, trigger, interest, keyLabels: trigger.forEach.toSorted() };
  }
}

/** Each once, by position. */
function inOrder(found: readonly Candidate[]): readonly Candidate[] {
  if (found.length < 2) return found;
  return [...new Set(found)].toSorted((a, b) => a.placed.position - b.placed.position);
}

interface Shelves {
  readonly byName: Map<string, Shelf>;
  readonly byPrefix: Map<string, Shelf>;
  readonly anyName: Shelf;
}

/** Where a trigger is looked for: under each of its names, or under none where a name cannot lead to it. */
function shelvesFor(candidate: Candidate, { byName, byPrefix, anyName }: Shelves): ReadonlySet<Shelf> {
  const { names } = candidate.interest;
  if (names === null) return new Set([anyName]);
  const shelves = new Set<Shelf>();
  for (const pattern of names) {
    switch (pattern.kind) {
      case "exact":
        shelves.add(shelfAt(byName, pattern.name));
        break;
      case "prefix":
        shelves.add(shelfAt(byPrefix, pattern.prefix));
        break;
      case "pieces":
        shelves.add(anyName);
        break;
      case "nothing":
        break;
    }
  }
  return shelves;
}

function shelfAt(shelves: Map<string, Shelf>, name: string): Shelf {
  const shelf = shelves.get(name) ?? new Shelf();
  shelves.set(name, shelf);
  return shelf;
}

/** Triggers under one name; those that ask for resource ids by their full text are found by these. */
class Shelf {
  readonly #byResource = new Map<string, Candidate[]>();
  readonly #others: Candidate[] = [];

  put(candidate: Candidate): void {
    const ids = literalIds(candidate.trigger);
    if (ids === null) {
      this.#others.push(candidate);
      return;
    }
    for (const id of new Set(ids)) {
      const shared = this.#byResource.get(id) ?? [];
      shared.push(candidate);
      this.#byResource.set(id, shared);
    }
  }

  of(resource: string): readonly Candidate[] {
    const exact = this.#byResource.get(resource);
    if (exact === undefined) return this.#others;
    return this.#others.length === 0 ? exact : [...this.#others, ...exact];
  }
}

/** The resource ids a trigger asks for, where none of them is a pattern; null otherwise. */
function literalIds({ match }: EventTrigger): readonly string[] | null {
  if (!Object.hasOwn(match, RESOURCE_ID)) return null;
  const wanted = match[RESOURCE_ID] ?? [];
  const ids = typeof wanted === "string" ? [wanted] : wanted;
  return ids.some((id) => id.startsWith("!") || /[*?[]/.test(id)) ? null : ids;
}

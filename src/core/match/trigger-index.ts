/** Finds the triggers an event may interest by its name and resource, without asking every one of them. */
import type { AutomationTable } from "../model/automation-table.ts";
import type { Event } from "../model/event.ts";
import { labelOf, STATE_TYPE } from "../model/labels.ts";
import { type Candidate, candidatesOf } from "./candidate.ts";
import { Shelf } from "./shelf.ts";

export interface TriggerIndex {
  /** The triggers that may want the event, by position: found by its name or a part of it, or by its resources. */
  candidates(event: Event): readonly Candidate[];
}

const indexes = new WeakMap<AutomationTable, TriggerIndex>();

/** The one asked for last: event after event asks the same table. */
let latest: { readonly table: AutomationTable; readonly index: TriggerIndex } | null = null;

/** The index of a table, built when first asked for. */
export function indexOf(table: AutomationTable): TriggerIndex {
  if (latest?.table === table) return latest.index;
  const index = indexes.get(table) ?? new Index(table);
  indexes.set(table, index);
  latest = { table, index };
  return index;
}

/** Whoever sends names without end costs a little more for each, but no more memory than this. */
const NAMES_KNOWN_MAX = 50_000;

type CandidateShelf = Shelf<Candidate>;

class Index implements TriggerIndex {
  readonly #byName = new Map<string, CandidateShelf>();
  readonly #byPrefix = new Map<string, CandidateShelf>();
  readonly #anyName: CandidateShelf = new Shelf();
  readonly #ofStates: CandidateShelf = new Shelf();
  readonly #prefixLengths: readonly number[];
  readonly #known = new Map<string, readonly CandidateShelf[]>();

  constructor(table: AutomationTable) {
    for (const candidate of candidatesOf(table)) {
      if (candidate.trigger.kind === "metric") this.#ofStates.put(candidate);
      else for (const shelf of this.#shelvesFor(candidate)) shelf.put(candidate);
    }
    this.#prefixLengths = [...new Set(Array.from(this.#byPrefix.keys(), (prefix) => prefix.length))];
  }

  candidates(event: Event): readonly Candidate[] {
    const found: Candidate[] = [];
    const name = event.event;
    this.#anyName.find(event, found);
    if (!this.#ofStates.isEmpty && labelOf(event.resource, STATE_TYPE) !== null)
      this.#ofStates.find(event, found);
    for (const shelf of this.#shelvesOf(name)) shelf.find(event, found);
    return found.length < 2 ? found : inOrder(found);
  }

  /** The shelves that an event's name leads to; names come again and again. */
  #shelvesOf(name: string): readonly CandidateShelf[] {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const shelves = [this.#byName.get(name) ?? []].flat();
    for (const length of this.#prefixLengths) {
      const shelf = length < name.length ? this.#byPrefix.get(name.slice(0, length)) : undefined;
      if (shelf !== undefined) shelves.push(shelf);
    }
    if (this.#known.size >= NAMES_KNOWN_MAX) this.#known.clear();
    this.#known.set(name, shelves);
    return shelves;
  }

  /** Where a trigger is looked for: under each of its names, or under none where a name cannot lead to it. */
  #shelvesFor({ interest: { names } }: Candidate): ReadonlySet<CandidateShelf> {
    if (names === null) return new Set([this.#anyName]);
    const shelves = new Set<CandidateShelf>();
    for (const pattern of names) {
      switch (pattern.kind) {
        case "exact":
          shelves.add(shelfAt(this.#byName, pattern.name));
          break;
        case "prefix":
          shelves.add(shelfAt(this.#byPrefix, pattern.prefix));
          break;
        case "pieces":
          shelves.add(this.#anyName);
          break;
        case "nothing":
          break;
      }
    }
    return shelves;
  }
}

/** Each once, by position. */
const inOrder = (found: readonly Candidate[]): readonly Candidate[] =>
  [...new Set(found)].toSorted((a, b) => a.placed.position - b.placed.position);

function shelfAt(shelves: Map<string, CandidateShelf>, name: string): CandidateShelf {
  const shelf: CandidateShelf = shelves.get(name) ?? new Shelf();
  shelves.set(name, shelf);
  return shelf;
}

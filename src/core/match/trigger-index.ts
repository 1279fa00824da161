/** Finds the triggers an event may interest by its name and resource, without asking every one of them. */
import type { AutomationTable, Placed } from "../model/automation-table.ts";
import type { Event } from "../model/event.ts";
import { labelOf, RESOURCE_ID, STATE_TYPE } from "../model/labels.ts";
import type { EventTrigger, MetricTrigger } from "../model/trigger.ts";
import { type Interest, interestOf, interestOfMetric } from "./interest.ts";
import { Shelf } from "./shelf.ts";

export interface Candidate {
  readonly placed: Placed;
  readonly trigger: EventTrigger | MetricTrigger;
  readonly interest: Interest;
  /** The labels of its key, in order; a metric follows each run by itself. */
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
  const byName = new Map<string, CandidateShelf>();
  const byPrefix = new Map<string, CandidateShelf>();
  const anyName: CandidateShelf = new Shelf();
  const ofStates: CandidateShelf = new Shelf();
  for (const candidate of candidatesOf(table)) {
    if (candidate.trigger.kind === "metric") ofStates.put(candidate);
    else for (const shelf of shelvesFor(candidate, { byName, byPrefix, anyName })) shelf.put(candidate);
  }
  const prefixLengths = [...new Set(Array.from(byPrefix.keys(), (prefix) => prefix.length))];

  return {
    candidates(event) {
      const name = event.event;
      const found = [...anyName.of(event)];
      if (labelOf(event.resource, STATE_TYPE) !== null) found.push(...ofStates.of(event));
      const take = (shelf: CandidateShelf | undefined): void => {
        if (shelf !== undefined) found.push(...shelf.of(event));
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
    if (trigger.kind === "event")
      yield { placed, trigger, interest: interestOf(trigger), keyLabels: trigger.forEach.toSorted() };
    if (trigger.kind === "metric")
      yield { placed, trigger, interest: interestOfMetric(trigger), keyLabels: [RESOURCE_ID] };
  }
}

/** Each once, by position. */
function inOrder(found: readonly Candidate[]): readonly Candidate[] {
  if (found.length < 2) return found;
  return [...new Set(found)].toSorted((a, b) => a.placed.position - b.placed.position);
}

type CandidateShelf = Shelf<Candidate>;

interface Shelves {
  readonly byName: Map<string, CandidateShelf>;
  readonly byPrefix: Map<string, CandidateShelf>;
  readonly anyName: CandidateShelf;
}

/** Where a trigger is looked for: under each of its names, or under none where a name cannot lead to it. */
function shelvesFor(
  candidate: Candidate,
  { byName, byPrefix, anyName }: Shelves,
): ReadonlySet<CandidateShelf> {
  const { names } = candidate.interest;
  if (names === null) return new Set([anyName]);
  const shelves = new Set<CandidateShelf>();
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

function shelfAt(shelves: Map<string, CandidateShelf>, name: string): CandidateShelf {
  const shelf: CandidateShelf = shelves.get(name) ?? new Shelf();
  shelves.set(name, shelf);
  return shelf;
}

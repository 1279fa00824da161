/**
 * A shelf of the index: triggers found by what they ask of a resource by its full text, so that not all are asked. A
 * thousand metrics, each of one deployment, which is a related resource, must not all be asked for every state.
 */
import type { Event } from "../model/event.ts";
import { type Labels, labelOf, RESOURCE_ID, RESOURCE_ROLE } from "../model/labels.ts";
import { type EventTrigger, type ResourceSpec, relatedSpecs } from "../model/trigger.ts";
import { literalsOf } from "./literals.ts";

/** Items by a label, then by its value. */
type ByLabel<T> = Map<string, Map<string, T[]>>;

export class Shelf<T extends { readonly trigger: Pick<EventTrigger, "match" | "matchRelated"> }> {
  readonly #own: ByLabel<T> = new Map();
  readonly #related: ByLabel<T> = new Map();
  readonly #others: T[] = [];

  put(item: T): void {
    const { match, matchRelated } = item.trigger;
    const specs = relatedSpecs(matchRelated);
    // What tells resources apart best comes first: an id, then any label that says more than a role.
    const isPut =
      place(item, this.#own, [match], isId) ||
      place(item, this.#related, specs, isId) ||
      place(item, this.#own, [match], isOther) ||
      place(item, this.#related, specs, isOther);
    if (!isPut) this.#others.push(item);
  }

  get isEmpty(): boolean {
    return this.#others.length === 0 && this.#own.size === 0 && this.#related.size === 0;
  }

  /** Adds the items that may be concerned by the event's resources; one may come twice. */
  find({ resource, related }: Event, found: T[]): void {
    for (const item of this.#others) found.push(item);
    if (this.#own.size > 0) collect(found, this.#own, resource);
    if (this.#related.size > 0) for (const labels of related) collect(found, this.#related, labels);
  }
}

const isId = (label: string): boolean => label === RESOURCE_ID;
const isOther = (label: string): boolean => label !== RESOURCE_ID && label !== RESOURCE_ROLE;

/** Puts the item under the first label that is asked for by its full text; false where there is none. */
function place<T>(
  item: T,
  into: ByLabel<T>,
  specs: readonly ResourceSpec[],
  isWanted: (label: string) => boolean,
): boolean {
  const asked = askedOf(specs, isWanted);
  if (asked === null) return false;
  const byValue = into.get(asked.label) ?? new Map<string, T[]>();
  into.set(asked.label, byValue);
  for (const value of new Set(asked.values)) {
    const shared = byValue.get(value);
    if (shared === undefined) byValue.set(value, [item]);
    else shared.push(item);
  }
  return true;
}

function askedOf(
  specs: readonly ResourceSpec[],
  isWanted: (label: string) => boolean,
): { readonly label: string; readonly values: readonly string[] } | null {
  for (const spec of specs) {
    for (const label of Object.keys(spec).filter(isWanted)) {
      const values = literalsOf(spec, label);
      if (values !== null) return { label, values };
    }
  }
  return null;
}

function collect<T>(found: T[], from: ByLabel<T>, labels: Labels): void {
  for (const [label, byValue] of from) {
    const value = labelOf(labels, label);
    const items = value === null ? undefined : byValue.get(value);
    if (items !== undefined) found.push(...items);
  }
}

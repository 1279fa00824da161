/**
 * Finds triggers by what they ask of resources. Metrics want the states of all runs of a deployment, a flow or a work
 * pool, which is a related resource: a thousand metrics, each of one deployment, must not all be asked for every state.
 */
import type { Event } from "../model/event.ts";
import { type Labels, labelOf, RESOURCE_ID, RESOURCE_NAME } from "../model/labels.ts";
import { type MetricTrigger, type ResourceSpec, relatedSpecs } from "../model/trigger.ts";
import { literalsOf } from "./literals.ts";

/** Labels that tell resources apart, best first. */
const TELLING = [RESOURCE_ID, RESOURCE_NAME];

export class RelatedShelf<T> {
  readonly #byLabel = new Map<string, T[]>();
  readonly #others: T[] = [];

  /** Under what the trigger asks of its own resource, else of one of the related ones, by full text. */
  put(item: T, { match, matchRelated }: MetricTrigger): void {
    const asked = askedOf("own", match) ?? firstOf(relatedSpecs(matchRelated));
    if (asked === null) this.#others.push(item);
    for (const place of new Set(asked)) {
      const shared = this.#byLabel.get(place) ?? [];
      shared.push(item);
      this.#byLabel.set(place, shared);
    }
  }

  of({ resource, related }: Event): readonly T[] {
    const places = [
      ...placesOf("own", resource),
      ...related.flatMap((labels) => placesOf("related", labels)),
    ];
    return [...this.#others, ...places.flatMap((place) => this.#byLabel.get(place) ?? [])];
  }
}

type Whose = "own" | "related";

const placeOf = (whose: Whose, label: string, value: string): string => [whose, label, value].join("\n");

const placesOf = (whose: Whose, labels: Labels): readonly string[] =>
  TELLING.flatMap((label) => {
    const value = labelOf(labels, label);
    return value === null ? [] : [placeOf(whose, label, value)];
  });

function askedOf(whose: Whose, spec: ResourceSpec): readonly string[] | null {
  for (const label of TELLING) {
    const values = literalsOf(spec, label);
    if (values !== null) return values.map((value) => placeOf(whose, label, value));
  }
  return null;
}

function firstOf(specs: readonly ResourceSpec[]): readonly string[] | null {
  for (const spec of specs) {
    const asked = askedOf("related", spec);
    if (asked !== null) return asked;
  }
  return null;
}

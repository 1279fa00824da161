/** Moments: all firings of one tree that were made while one event was taken, or by the timers of one instant. */
import type { Firing } from "../model/firing.ts";
import { momentOf } from "../model/rank.ts";
import type { Instant } from "../model/time.ts";
import type { Place } from "../processor.ts";

export interface Moment {
  readonly kind: "moment";
  readonly at: Instant;
  /** In the order in which they were made. */
  readonly firings: readonly Firing[];
}

export type ComposeInput = Firing | Moment;

const firingsOf = (input: ComposeInput): readonly Firing[] =>
  input.kind === "moment" ? input.firings : [input];

/** Inputs of one moment, in order, as one. */
export function joined(inputs: readonly ComposeInput[]): Moment {
  const [only] = inputs;
  const firings = only !== undefined && inputs.length === 1 ? firingsOf(only) : inputs.flatMap(firingsOf);
  const [first] = firings;
  if (first === undefined) throw new Error("a moment without a firing");
  return { kind: "moment", at: first.triggered, firings };
}

export function placeOf(input: ComposeInput): Place {
  const [first] = firingsOf(input);
  if (first === undefined) throw new Error("a moment without a firing");
  return { at: first.triggered, rank: first.rank, moment: momentOf(first) };
}

/** Firings with the same event count as by one event; those without an event count singly. */
export function byEvent<T extends { readonly firing: Firing }>(
  firings: readonly T[],
): readonly (readonly T[])[] {
  if (firings.length < 2) return [firings];
  return [...Map.groupBy(firings, ({ firing }) => firing.event?.id ?? firing).values()];
}

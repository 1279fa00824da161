/** Vias: the topics that records travel by to their home, and the steps each of them is for. */
import type { Role } from "../../topology/topology.ts";

export interface Via {
  readonly topic: string;
  readonly steps: readonly string[];
}

/** In the order of the steps: what goes by one topic is all taken before what goes by the next. */
export function viasOf({ steps }: Role): readonly Via[] {
  const topics = new Set(steps.map(({ via }) => via).filter((via) => via !== null));
  return Array.from(topics, (topic) => ({
    topic,
    steps: steps.filter(({ via }) => via === topic).map(({ name }) => name),
  }));
}

/** The step a record is for: the one it names; where it names none, the first of its topic. Undefined for nobody here. */
export function stepFor(vias: readonly Via[], topic: string, named: string | null): string | undefined {
  const steps = vias.find((via) => via.topic === topic)?.steps;
  return named === null ? steps?.[0] : steps?.find((step) => step === named);
}

/** The topic a role takes its records from: the one its first step reads. */
export function inputOf({ name, steps }: Role): string {
  const input = steps[0]?.from[0];
  if (input === undefined) throw new Error(`roles.${name}: the topology names no input`);
  return input;
}

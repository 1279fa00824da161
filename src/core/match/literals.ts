/** Values that a specification asks for by their full text, by which an index can find what asks for them. */
import type { ResourceSpec } from "../model/trigger.ts";

/** The values one of which the label must have, where none of them is a pattern; null otherwise. */
export function literalsOf(spec: ResourceSpec, label: string): readonly string[] | null {
  if (!Object.hasOwn(spec, label)) return null;
  const wanted = spec[label] ?? [];
  const values = typeof wanted === "string" ? [wanted] : wanted;
  return values.some((value) => value.startsWith("!") || /[*?[]/.test(value)) ? null : values;
}

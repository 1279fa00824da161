/** Patterns for event names: `*` stands for one or more characters, everything else for itself (semantics.md, section 2). */
import { hasSet, type TextMatcher } from "./glob.ts";

/** Told apart by what an index can do with them. */
export type NamePattern =
  | { readonly kind: "exact"; readonly name: string }
  /** `abc*`: the prefix, and at least one character more. */
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "pieces"; readonly pieces: readonly string[] }
  | { readonly kind: "nothing" };

export function namePattern(text: string): NamePattern {
  if (hasSet(text)) return { kind: "nothing" };
  const pieces = text.split("*");
  const [prefix = "", rest] = pieces;
  if (rest === undefined) return { kind: "exact", name: text };
  if (pieces.length === 2 && rest === "") return { kind: "prefix", prefix };
  return { kind: "pieces", pieces };
}

export function nameMatcher(pattern: NamePattern): TextMatcher {
  switch (pattern.kind) {
    case "exact":
      return (name) => name === pattern.name;
    case "prefix":
      return (name) => name.length > pattern.prefix.length && name.startsWith(pattern.prefix);
    case "pieces":
      return (name) => fits(pattern.pieces, name);
    case "nothing":
      return () => false;
  }
}

/** Each piece at its earliest place, at least one character after the piece before it; the last one at the end. */
function fits(pieces: readonly string[], name: string): boolean {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at + 1);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.endsWith(last) && name.length - last.length > at;
}

/** Shell globs over a whole text: `*` any run, `?` one character, `[a-z]` and `[!a-z]` sets (semantics.md, section 2). */

type Token =
  | { readonly kind: "run" }
  | { readonly kind: "one" }
  | { readonly kind: "literal"; readonly code: number }
  | { readonly kind: "set"; readonly negated: boolean; readonly ranges: readonly Range[] };

/** First and last code point. */
type Range = readonly [number, number];

export type TextMatcher = (text: string) => boolean;

/** Compiles a pattern once; a match takes at most pattern × text steps, whatever the pattern. */
export function glob(pattern: string): TextMatcher {
  if (!/[*?[]/.test(pattern)) return (text) => text === pattern;
  const tokens = tokensOf(pattern);
  return (text) => fits(tokens, text);
}

/** Whether a `[` opens a set somewhere, that is, whether a `]` closes it. */
export const hasSet = (pattern: string): boolean => tokensOf(pattern).some(({ kind }) => kind === "set");

function tokensOf(pattern: string): readonly Token[] {
  const chars = Array.from(pattern);
  const tokens: Token[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? "";
    const end = char === "[" ? setEnd(chars, i + 1) : -1;
    if (char === "*") tokens.push({ kind: "run" });
    else if (char === "?") tokens.push({ kind: "one" });
    else if (end > 0) {
      tokens.push(setOf(chars.slice(i + 1, end)));
      i = end;
    } else tokens.push({ kind: "literal", code: char.codePointAt(0) ?? 0 });
  }
  return tokens;
}

/** Where the set that begins at `from` is closed, or -1; a `]` in first place is a member. */
function setEnd(chars: readonly string[], from: number): number {
  const first = chars[from] === "!" ? from + 1 : from;
  return chars.indexOf("]", first + 1);
}

function setOf(body: readonly string[]): Token {
  const negated = body[0] === "!";
  const members = (negated ? body.slice(1) : body).map((char) => char.codePointAt(0) ?? 0);
  const ranges: Range[] = [];
  for (let i = 0; i < members.length; i++) {
    const first = members[i] ?? 0;
    const last = members[i + 2];
    // A hyphen between two members spans them; in first or last place it is a member itself.
    if (members[i + 1] === HYPHEN && last !== undefined) {
      ranges.push([first, last]);
      i += 2;
    } else ranges.push([first, first]);
  }
  return { kind: "set", negated, ranges };
}

const HYPHEN = 0x2d;

function fits(tokens: readonly Token[], text: string): boolean {
  let at = 0;
  let next = 0;
  // Where to go on when it does not fit: only the last run needs to be tried longer, as the ones before it fitted.
  let run = -1;
  let runEnd = 0;
  while (at < text.length) {
    const token = tokens[next];
    const width = widthAt(text, at);
    if (token?.kind === "run") {
      run = next;
      runEnd = at;
      next += 1;
    } else if (token !== undefined && accepts(token, text, at)) {
      at += width;
      next += 1;
    } else if (run >= 0) {
      runEnd += widthAt(text, runEnd);
      at = runEnd;
      next = run + 1;
    } else return false;
  }
  while (tokens[next]?.kind === "run") next += 1;
  return next === tokens.length;
}

/** A character outside the basic plane is one character, of two code units. */
const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

function accepts(token: Token, text: string, at: number): boolean {
  const code = text.codePointAt(at) ?? 0;
  switch (token.kind) {
    case "run":
    case "one":
      return true;
    case "literal":
      return token.code === code;
    case "set":
      return token.ranges.some(([first, last]) => first <= code && code <= last) !== token.negated;
  }
}

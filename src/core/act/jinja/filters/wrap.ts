/** A line broken into lines of a width, as Python's `textwrap` does it. */

export interface Layout {
  readonly width: number;
  readonly breaksLongWords: boolean;
  readonly breaksOnHyphens: boolean;
}

/** Words and the space between them; a word may be parted after its hyphens. */
const PIECE =
  /\s+|(?<=[\p{L}\p{N}_!"'&.,?])-{2,}(?=[\p{L}\p{N}_])|[^\s]+?(?:-(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}\p{N}_!"'&.,?]-))(?=[\p{L}_]-?[\p{L}_])|(?=\s|$)|(?<=[\p{L}\p{N}_!"'&.,?])(?=-{2,}[\p{L}\p{N}_]))/gu;

export function wrapped(line: string, layout: Layout): readonly string[] {
  const left = (
    layout.breaksOnHyphens ? (line.match(PIECE) ?? []) : (line.match(/\s+|\S+/g) ?? [])
  ).toReversed();
  const lines: string[] = [];
  while (left.length > 0) {
    if (lines.length > 0 && isSpace(left.at(-1))) left.pop();
    const next = nextLine(left, layout);
    if (next !== "") lines.push(next);
  }
  return lines;
}

const isSpace = (piece: string | undefined): boolean => piece !== undefined && piece.trim() === "";

/** Takes the pieces of one line off the end. */
function nextLine(left: string[], layout: Layout): string {
  const taken: string[] = [];
  let size = 0;
  for (
    let piece = left.at(-1);
    piece !== undefined && size + piece.length <= layout.width;
    piece = left.at(-1)
  ) {
    taken.push(piece);
    size += piece.length;
    left.pop();
  }
  const long = left.at(-1);
  if (long !== undefined && long.length > layout.width) {
    const part = partOf(long, layout.width - size, { ...layout, isFirst: taken.length === 0 });
    if (part > 0) taken.push(long.slice(0, part));
    if (part > 0) left.splice(-1, 1, ...(part < long.length ? [long.slice(part)] : []));
  }
  if (isSpace(taken.at(-1))) taken.pop();
  return taken.join("");
}

/** How much of a word that fits no line goes onto this one. */
function partOf(word: string, room: number, how: Layout & { readonly isFirst: boolean }): number {
  if (!how.breaksLongWords) return how.isFirst ? word.length : 0;
  const hyphen = how.breaksOnHyphens && word.length > room && room > 0 ? word.lastIndexOf("-", room - 1) : -1;
  return hyphen > 0 && /[^-]/.test(word.slice(0, hyphen)) ? hyphen + 1 : room;
}

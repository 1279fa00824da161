/** The methods of texts, as Python has them. */
import { braceFormat } from "./format.ts";
import { padded } from "./numbers.ts";
import { type Args, type Budget, isList, type Method, nameOfType, row, TemplateError } from "./values.ts";

const textAt = ({ positional }: Args, i: number): string => {
  const value = positional[i];
  if (typeof value !== "string") throw new TemplateError(`expected a text, not ${nameOfType(value)}`);
  return value;
};

function numberAt({ positional }: Args, i: number, otherwise: number): number {
  const value = positional[i] ?? otherwise;
  if (typeof value !== "number") throw new TemplateError(`expected a number, not ${nameOfType(value)}`);
  return value;
}

/** A text method that takes no arguments and makes a text of about the same length. */
const plain =
  (change: (text: string) => string): Method<string> =>
  (text, _args, budget) => {
    budget.text(text.length);
    return change(text);
  };

const asks =
  (pattern: RegExp): Method<string> =>
  (text) =>
    pattern.test(text);

export const capitalized = (text: string): string =>
  text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();

/** Every run of letters with a capital first, as Python's own `title`. */
const titled = (text: string): string =>
  text.toLowerCase().replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase());

const swapped = (text: string): string =>
  Array.from(text, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  ).join("");

/** The text without the signs, or without space, at one end or both. */
export function stripped(text: string, signs: string | null, ends: "start" | "end" | "both"): string {
  const letters = Array.from(text);
  const gone = new Set(signs);
  const goes = (letter: string | undefined): boolean =>
    letter !== undefined && (signs === null ? /^\s$/.test(letter) : gone.has(letter));
  let [from, to] = [0, letters.length];
  while (ends !== "end" && from < to && goes(letters[from])) from++;
  while (ends !== "start" && to > from && goes(letters[to - 1])) to--;
  return letters.slice(from, to).join("");
}

const strip =
  (ends: "start" | "end" | "both"): Method<string> =>
  (text, args, budget) => {
    budget.text(text.length);
    return stripped(text, args.positional.length === 0 ? null : textAt(args, 0), ends);
  };

/** Replaces occurrences from the left, having asked first how long the text would become. */
export function replaced(
  text: string,
  { from, to, most = -1 }: { readonly from: string; readonly to: string; readonly most?: number },
  budget: Budget,
): string {
  budget.text(text.length);
  const pieces = from === "" ? ["", ...Array.from(text), ""] : text.split(from);
  const count = most < 0 ? pieces.length - 1 : Math.min(most, pieces.length - 1);
  budget.text(text.length + count * to.length);
  return (
    pieces.slice(0, count + 1).join(to) +
    pieces
      .slice(count + 1)
      .map((piece) => from + piece)
      .join("")
  );
}

/** Pieces between a separator, at most so many cuts, from the left or from the right. */
const split =
  (side: "left" | "right"): Method<string> =>
  (text, args, budget) => {
    const bySpace = args.positional[0] === undefined || args.positional[0] === null;
    const sign = bySpace ? " " : textAt(args, 0);
    if (sign === "") throw new TemplateError("empty separator");
    const pieces = bySpace ? (text.match(/\S+/g) ?? []) : text.split(sign);
    budget.list(pieces.length);
    const most = numberAt(args, 1, named(args, "maxsplit") ?? -1);
    if (most < 0 || pieces.length <= most + 1) return pieces;
    const kept = side === "left" ? pieces.slice(0, most) : pieces.slice(pieces.length - most);
    const rest = side === "left" ? pieces.slice(most) : pieces.slice(0, pieces.length - most);
    return side === "left" ? [...kept, rest.join(sign)] : [rest.join(sign), ...kept];
  };

function named(args: Args, name: string): number | null {
  const value = args.named.get(name);
  return typeof value === "number" ? value : null;
}

/** What stands before a separator, the separator, and what stands after it. */
const partition =
  (side: "left" | "right"): Method<string> =>
  (text, args) => {
    const sign = textAt(args, 0);
    if (sign === "") throw new TemplateError("empty separator");
    const place = side === "left" ? text.indexOf(sign) : text.lastIndexOf(sign);
    if (place < 0) return side === "left" ? row([text, "", ""]) : row(["", "", text]);
    return row([text.slice(0, place), sign, text.slice(place + sign.length)]);
  };

const find =
  (side: "left" | "right", isNeeded: boolean): Method<string> =>
  (text, args) => {
    const sign = textAt(args, 0);
    const place = side === "left" ? text.indexOf(sign) : text.lastIndexOf(sign);
    if (place < 0 && isNeeded) throw new TemplateError("the text was not found");
    return place;
  };

const pad =
  (align: "<" | ">" | "^" | "="): Method<string> =>
  (text, args, budget) => {
    const width = numberAt(args, 0, 0);
    budget.text(Math.max(width, text.length));
    const fill = align === "=" ? "0" : args.positional.length > 1 ? textAt(args, 1) : " ";
    if (Array.from(fill).length !== 1) throw new TemplateError("the text is filled up with one sign");
    return align === "^" ? centred(text, width, fill) : padded(text, { width, fill, align });
  };

/** Python's `center` puts the odd space to the left of texts of even length. */
export function centred(text: string, width: number, fill = " "): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

/** Whether a text begins or ends so, or as one of several. */
const bounds =
  (holds: (text: string, part: string) => boolean): Method<string> =>
  (text, args) => {
    const [parts] = args.positional;
    if (!isList(parts)) return holds(text, textAt(args, 0));
    return parts.some((part) => typeof part === "string" && holds(text, part));
  };

const join: Method<string> = (text, args, budget) => {
  const items = args.positional[0];
  if (!isList(items)) throw new TemplateError(`expected a list, not ${nameOfType(items)}`);
  const pieces = items.map((item) => {
    if (typeof item !== "string") throw new TemplateError(`expected a text, not ${nameOfType(item)}`);
    return item;
  });
  budget.text(pieces.reduce((sum, piece) => sum + piece.length + text.length, 0));
  return pieces.join(text);
};

const expanded: Method<string> = (text, args, budget) => {
  const width = numberAt(args, 0, 8);
  budget.text(text.length + (text.split("\t").length - 1) * Math.max(0, width));
  const lines = text
    .split("\n")
    .map((line) =>
      line
        .split("\t")
        .reduce(
          (before, piece) => before + " ".repeat(Math.max(0, width - (before.length % width || 0))) + piece,
        ),
    );
  return lines.join("\n");
};

export const TEXT_METHODS: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ["capitalize", plain(capitalized)],
  ["casefold", plain((text) => text.toLowerCase().replaceAll("ß", "ss"))],
  ["center", pad("^")],
  ["count", (text, args) => text.split(textAt(args, 0)).length - 1],
  ["endswith", bounds((text, part) => text.endsWith(part))],
  ["expandtabs", expanded],
  ["find", find("left", false)],
  ["format", braceFormat],
  ["index", find("left", true)],
  ["isalnum", asks(/^[\p{L}\p{N}]+$/u)],
  ["isalpha", asks(/^\p{L}+$/u)],
  ["isdecimal", asks(/^\p{Nd}+$/u)],
  ["isdigit", asks(/^\p{Nd}+$/u)],
  ["isidentifier", asks(/^[\p{L}_][\p{L}\p{N}_]*$/u)],
  ["islower", (text) => text === text.toLowerCase() && text !== text.toUpperCase()],
  ["isnumeric", asks(/^\p{N}+$/u)],
  ["isspace", asks(/^\s+$/)],
  ["istitle", (text) => /\p{L}/u.test(text) && text === titled(text)],
  ["isupper", (text) => text === text.toUpperCase() && text !== text.toLowerCase()],
  ["join", join],
  ["ljust", pad("<")],
  ["lower", plain((text) => text.toLowerCase())],
  ["lstrip", strip("start")],
  ["partition", partition("left")],
  [
    "removeprefix",
    (text, args) => (text.startsWith(textAt(args, 0)) ? text.slice(textAt(args, 0).length) : text),
  ],
  [
    "removesuffix",
    (text, args) =>
      text.endsWith(textAt(args, 0)) ? text.slice(0, text.length - textAt(args, 0).length) : text,
  ],
  [
    "replace",
    (text, args, budget) =>
      replaced(text, { from: textAt(args, 0), to: textAt(args, 1), most: numberAt(args, 2, -1) }, budget),
  ],
  ["rfind", find("right", false)],
  ["rindex", find("right", true)],
  ["rjust", pad(">")],
  ["rpartition", partition("right")],
  ["rsplit", split("right")],
  ["rstrip", strip("end")],
  ["split", split("left")],
  [
    "splitlines",
    (text, _args, budget) => {
      const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
      budget.list(lines.length);
      return text === "" ? [] : lines;
    },
  ],
  ["startswith", bounds((text, part) => text.startsWith(part))],
  ["strip", strip("both")],
  ["swapcase", plain(swapped)],
  ["title", plain(titled)],
  ["upper", plain((text) => text.toUpperCase())],
  ["zfill", pad("=")],
]);

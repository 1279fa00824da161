/** The filters that change texts. */
import { percentFormat } from "../format.ts";
import { textOf } from "../text.ts";
import { capitalized, centred, replaced, stripped } from "../text-methods.ts";
import {
  type Args,
  arg,
  type Budget,
  type Filter,
  isDict,
  isList,
  nameOfType,
  row,
  TemplateError,
  type Value,
} from "../values.ts";
import { numberArg } from "./number-filters.ts";
import { wrapped } from "./wrap.ts";

/** The text of the argument of this name or place; null where there is none. */
function textArg(args: Args, place: number, name: string, budget: Budget): string | null {
  const value = arg(args, place, name);
  return value === undefined || value === null ? null : textOf(value, budget);
}

/** A filter that makes a text of about the same length. */
const ofText =
  (change: (text: string) => string): Filter =>
  (value, _args, budget) => {
    const text = textOf(value, budget);
    budget.text(text.length);
    return change(text);
  };

/** A capital after space, hyphens and opening brackets, as Jinja's own `title`. */
const titled = (text: string): string =>
  text
    .split(/([-\s({[<]+)/)
    .map(capitalized)
    .join("");

const center: Filter = (value, args, budget) => {
  const text = textOf(value, budget);
  const width = numberArg(args, 0, "width", 80);
  budget.text(Math.max(width, text.length));
  return centred(text, width);
};

const indent: Filter = (value, args, budget) => {
  const width = arg(args, 0, "width") ?? 4;
  budget.text(typeof width === "number" ? width : 0);
  const space = typeof width === "number" ? " ".repeat(Math.max(0, width)) : textOf(width, budget);
  const lines = textOf(value, budget).split("\n");
  budget.text(lines.reduce((sum, line) => sum + line.length + space.length + 1, 0));
  const [first, blank] = [arg(args, 1, "first") === true, arg(args, 2, "blank") === true];
  return lines
    .map((line, i) => ((i > 0 || first) && (line !== "" || blank || i === 0) ? space + line : line))
    .join("\n");
};

const truncate: Filter = (value, args, budget) => {
  const text = textOf(value, budget);
  const most = numberArg(args, 0, "length", 255);
  const end = textArg(args, 2, "end", budget) ?? "...";
  if (most < end.length) throw new TemplateError(`expected length >= ${end.length}, got ${most}`);
  if (text.length <= most + numberArg(args, 3, "leeway", 5)) return text;
  const short = text.slice(0, most - end.length);
  return (arg(args, 1, "killwords") === true ? short : short.replace(/ [^ ]*$/, "")) + end;
};

const replace: Filter = (value, args, budget) => {
  const change = {
    from: textArg(args, 0, "old", budget) ?? "",
    to: textArg(args, 1, "new", budget) ?? "",
    most: numberArg(args, 2, "count", -1),
  };
  return replaced(textOf(value, budget), change, budget);
};

const wordwrap: Filter = (value, args, budget) => {
  const width = numberArg(args, 0, "width", 79);
  // Of anything else no line would ever be full, and the wrapping would never end.
  if (!Number.isInteger(width) || width < 1) throw new TemplateError(`invalid width ${width} (must be > 0)`);
  const text = textOf(value, budget);
  budget.spend(text.length);
  const layout = {
    width,
    breaksLongWords: arg(args, 1, "break_long_words") !== false,
    breaksOnHyphens: arg(args, 3, "break_on_hyphens") !== false,
  };
  const between = textArg(args, 2, "wrapstring", budget) ?? "\n";
  const lines = text.split("\n").map((line) => wrapped(line, layout));
  budget.text(text.length + lines.flat().length * between.length);
  return lines.map((line) => line.join(between)).join(between);
};

const urlencode: Filter = (value, _args, budget) => {
  const encode = (part: Value, isPath: boolean): string => {
    const text = encodeURIComponent(textOf(part, budget).toWellFormed()).replace(/[!'()*]/g, percent);
    return isPath ? text.replaceAll("%2F", "/") : text.replaceAll("%20", "+");
  };
  const pairs = isDict(value) ? Object.entries(value) : isList(value) ? value.map(pairOf) : null;
  const text =
    pairs === null
      ? encode(value, true)
      : pairs.map(([name, part]) => `${encode(name, false)}=${encode(part, false)}`).join("&");
  budget.text(text.length);
  return text;
};

function pairOf(value: Value): readonly [Value, Value] {
  if (!isList(value) || value.length !== 2) throw new TemplateError(`${nameOfType(value)} is no pair`);
  return [value[0], value[1]];
}

const percent = (sign: string): string => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;

const format: Filter = (value, args, budget) => {
  if (args.named.size > 0 && args.positional.length > 0) {
    throw new TemplateError("can't handle positional and keyword arguments at the same time");
  }
  const values = args.named.size > 0 ? Object.fromEntries(args.named) : row(args.positional);
  return percentFormat(textOf(value, budget), values, budget);
};

export const TEXT_FILTERS: readonly (readonly [string, Filter])[] = [
  ["capitalize", ofText(capitalized)],
  ["center", center],
  ["format", format],
  ["indent", indent],
  ["lower", ofText((text) => text.toLowerCase())],
  ["replace", replace],
  ["title", ofText(titled)],
  [
    "trim",
    (value, args, budget) => {
      const text = textOf(value, budget);
      budget.text(text.length);
      return stripped(text, textArg(args, 0, "chars", budget), "both");
    },
  ],
  ["truncate", truncate],
  ["upper", ofText((text) => text.toUpperCase())],
  ["urlencode", urlencode],
  ["wordcount", (value, _args, budget) => textOf(value, budget).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0],
  ["wordwrap", wordwrap],
];

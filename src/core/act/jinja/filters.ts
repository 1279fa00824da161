/** The filters of expressions: `x | upper`. Those that change one value; those that go through many stand in list-filters.ts. */
import { capitalized, replaced, titled } from "./access.ts";
import { LIST_FILTERS } from "./list-filters.ts";
import { formatted } from "./operators.ts";
import { jsonText, reprOf, textOf } from "./text.ts";
import {
  type Args,
  arg,
  type Budget,
  type Filter,
  isDict,
  isList,
  Model,
  nameOfType,
  TemplateError,
  type Value,
} from "./values.ts";

function numberArg(args: Args, place: number, name: string, otherwise: number): number {
  const value = arg(args, place, name) ?? otherwise;
  if (typeof value !== "number")
    throw new TemplateError(`${name} must be a number, not ${nameOfType(value)}`);
  return value;
}

/** The text of the argument of this name or place; null where there is none. */
function textArg(args: Args, place: number, name: string, budget: Budget): string | null {
  const value = arg(args, place, name);
  return value === undefined ? null : textOf(value, budget);
}

/** A filter that makes a text of about the same length. */
const ofText =
  (change: (text: string) => string): Filter =>
  (value, _args, budget) => {
    const text = textOf(value, budget);
    budget.text(text.length);
    return change(text);
  };

function length(value: Value): number {
  if (value === undefined) return 0;
  if (typeof value === "string") return Array.from(value).length;
  if (isList(value)) return value.length;
  if (isDict(value)) return Object.keys(value).length;
  const entries = value instanceof Model ? value.entries() : null;
  if (entries === null) throw new TemplateError(`${nameOfType(value)} has no length`);
  return entries.length;
}

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

const escape: Filter = (value, _args, budget) => {
  const text = textOf(value, budget).replace(/[&<>"']/g, (sign) => HTML[sign] ?? sign);
  budget.text(text.length);
  return text;
};

const otherwise: Filter = (value, args) => {
  const isMissing = value === undefined || (arg(args, 1, "boolean") === true && !value);
  return isMissing ? (arg(args, 0, "default_value") ?? "") : value;
};

const toInteger: Filter = (value, args) => {
  const found = typeof value === "string" ? Number.parseInt(value, 10) : Math.trunc(Number(value));
  return Number.isFinite(found) && value !== null ? found : (arg(args, 0, "default") ?? 0);
};

const toFloat: Filter = (value, args, budget) => {
  const found = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(textOf(value, budget));
  return Number.isNaN(found) ? (arg(args, 0, "default") ?? 0) : found;
};

const round: Filter = (value, args, budget) => {
  if (typeof value !== "number") throw new TemplateError(`${nameOfType(value)} cannot be rounded`);
  const factor = 10 ** Math.max(-15, Math.min(15, numberArg(args, 0, "precision", 0)));
  const method = textArg(args, 1, "method", budget) ?? "common";
  const scaled = value * factor;
  const whole = { ceil: Math.ceil, floor: Math.floor }[method] ?? Math.round;
  return whole(scaled) / factor;
};

const center: Filter = (value, args, budget) => {
  const text = textOf(value, budget);
  const width = numberArg(args, 0, "width", 80);
  budget.text(Math.max(width, text.length));
  const left = Math.max(0, Math.floor((width - text.length) / 2));
  return text.padStart(text.length + left).padEnd(width);
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
  if (text.length <= most + numberArg(args, 3, "leeway", 5)) return text;
  const short = text.slice(0, Math.max(0, most - end.length));
  return (arg(args, 1, "killwords") === true ? short : short.replace(/ [^ ]*$/, "")) + end;
};

const replace: Filter = (value, args, budget) =>
  replaced(
    textOf(value, budget),
    { from: textArg(args, 0, "old", budget) ?? "", to: textArg(args, 1, "new", budget) ?? "" },
    budget,
  );

const urlencode: Filter = (value, _args, budget) => {
  const encode = (part: Value): string =>
    encodeURIComponent(textOf(part, budget).toWellFormed())
      .replace(/[!'()*]/g, percent)
      .replaceAll("%2F", "/");
  const text = isDict(value)
    ? Object.entries(value)
        .map(([name, part]) => `${encode(name)}=${encode(part)}`)
        .join("&")
    : encode(value);
  budget.text(text.length);
  return text;
};

const percent = (sign: string): string => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;

const random: Filter = () => {
  throw new TemplateError("random is not allowed: a replay must give the same result");
};

export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["abs", (value) => (typeof value === "number" ? Math.abs(value) : value)],
  ["capitalize", ofText(capitalized)],
  ["center", center],
  ["count", length],
  ["d", otherwise],
  ["default", otherwise],
  ["e", escape],
  ["escape", escape],
  ["float", toFloat],
  ["forceescape", escape],
  ["format", (value, args, budget) => formatted(textOf(value, budget), args.positional, budget)],
  ["indent", indent],
  ["int", toInteger],
  ["length", length],
  ["lower", ofText((text) => text.toLowerCase())],
  ["pprint", (value, _args, budget) => reprOf(value, budget)],
  ["random", random],
  ["replace", replace],
  ["round", round],
  ["safe", (value, _args, budget) => textOf(value, budget)],
  ["string", (value, _args, budget) => textOf(value, budget)],
  [
    "striptags",
    ofText((text) =>
      text
        .replace(/<[^<>]*>/g, "")
        .replace(/\s+/g, " ")
        .trim(),
    ),
  ],
  ["title", ofText(titled)],
  ["tojson", (value, args, budget) => jsonText(value, Math.min(16, numberArg(args, 0, "indent", 0)), budget)],
  ["trim", ofText((text) => text.trim())],
  ["truncate", truncate],
  ["upper", ofText((text) => text.toUpperCase())],
  ["urlencode", urlencode],
  ["wordcount", (value, _args, budget) => textOf(value, budget).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0],
  ...LIST_FILTERS,
]);

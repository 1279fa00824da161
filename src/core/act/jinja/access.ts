/** How a template reaches into values: attributes, items, slices, and the methods that texts, lists and dictionaries have. */
import { equals } from "./operators.ts";
import { textOf } from "./text.ts";
import {
  type Args,
  type Budget,
  Callable,
  type Dict,
  isDict,
  isList,
  Model,
  nameOfType,
  TemplateError,
  type Value,
} from "./values.ts";

/** `of.name`: nothing has nothing, however deep (Jinja's chainable undefined). */
export function attributeOf(value: Value, name: string): Value {
  if (value instanceof Model) return value.attribute(name);
  return isDict(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** `of[key]`. */
export function itemOf(value: Value, key: Value): Value {
  if (typeof key === "number" && (isList(value) || typeof value === "string")) return value.at(key);
  if (typeof key !== "string") return undefined;
  return value instanceof Model ? value.item(key) : attributeOf(value, key);
}

/** `of[from:to:step]`. */
export function sliceOf(value: Value, parts: readonly Value[], budget: Budget): Value {
  const [from, to, step = 1] = parts.map((part) => (typeof part === "number" ? part : undefined));
  if (typeof value !== "string" && !isList(value)) {
    throw new TemplateError(`${nameOfType(value)} has no slices`);
  }
  if (step === 0) throw new TemplateError("slice step cannot be zero");
  budget.spend(Math.ceil(value.length / 16));
  const forward = step > 0 ? value.slice(from, to) : undefined;
  if (forward !== undefined && step === 1) return forward;
  const items: readonly Value[] = typeof value === "string" ? Array.from(value) : value;
  const picked = pick(items, { from, to, step });
  return typeof value === "string" ? picked.map((letter) => textOf(letter, budget)).join("") : picked;
}

interface Span {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly step: number;
}

function pick(items: readonly Value[], { from, to, step }: Span): readonly Value[] {
  const place = (index: number): number => (index < 0 ? index + items.length : index);
  const last = items.length - 1;
  const first = from === undefined ? (step > 0 ? 0 : last) : place(from);
  const start = step > 0 ? Math.max(0, first) : Math.min(last, first);
  const end = to === undefined ? (step > 0 ? items.length : -1) : Math.min(items.length, place(to));
  const picked: Value[] = [];
  for (let i = start; step > 0 ? i < end : i > end; i += step) if (i >= 0 && i <= last) picked.push(items[i]);
  return picked;
}

/** A method of a text, list or dictionary; null where it has no such method. */
export function methodOf(value: Value, name: string): Callable | null {
  const found =
    typeof value === "string"
      ? TEXT_METHODS.get(name)?.bind(null, value)
      : isList(value)
        ? LIST_METHODS.get(name)?.bind(null, value)
        : isDict(value)
          ? DICT_METHODS.get(name)?.bind(null, value)
          : undefined;
  if (found === undefined) return null;
  const length = typeof value === "string" ? value.length : 0;
  return new Callable((args, budget) => {
    budget.spend(Math.ceil(length / 16));
    return found(args, budget);
  });
}

/** What a template may call, called. */
export function called(callee: Value, name: string, args: Args, budget: Budget): Value {
  if (callee instanceof Callable) return callee.call(args, budget);
  if (callee === undefined) throw new TemplateError(`'${name}' is undefined`);
  throw new TemplateError(`'${name}' is ${nameOfType(callee)} and cannot be called`);
}

type Method<Of> = (value: Of, args: Args, budget: Budget) => Value;

const textArg = ({ positional }: Args, i: number): string => {
  const value = positional[i];
  if (typeof value !== "string") throw new TemplateError(`expected a text, not ${nameOfType(value)}`);
  return value;
};

/** A text method that takes no arguments and makes a text of about the same length. */
const plain =
  (change: (text: string) => string): Method<string> =>
  (text, _args, budget) => {
    budget.text(text.length);
    return change(text);
  };

export const capitalized = (text: string): string =>
  text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();

export const titled = (text: string): string =>
  text.toLowerCase().replace(/(?<![\p{L}\p{N}'])\p{L}/gu, (letter) => letter.toUpperCase());

/** Replaces every occurrence, having asked first how long the text would become. */
export function replaced(
  text: string,
  { from, to }: { readonly from: string; readonly to: string },
  budget: Budget,
): string {
  budget.text(text.length);
  const pieces = from === "" ? ["", ...Array.from(text), ""] : text.split(from);
  budget.text(text.length + (pieces.length - 1) * to.length);
  return pieces.join(to);
}

const TEXT_METHODS: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ["upper", plain((text) => text.toUpperCase())],
  ["lower", plain((text) => text.toLowerCase())],
  ["strip", plain((text) => text.trim())],
  ["lstrip", plain((text) => text.trimStart())],
  ["rstrip", plain((text) => text.trimEnd())],
  ["title", plain(titled)],
  ["capitalize", plain(capitalized)],
  ["isdigit", (text) => /^\d+$/.test(text)],
  ["startswith", (text, args) => text.startsWith(textArg(args, 0))],
  ["endswith", (text, args) => text.endsWith(textArg(args, 0))],
  ["find", (text, args) => text.indexOf(textArg(args, 0))],
  ["count", (text, args) => text.split(textArg(args, 0)).length - 1],
  [
    "replace",
    (text, args, budget) => replaced(text, { from: textArg(args, 0), to: textArg(args, 1) }, budget),
  ],
  [
    "split",
    (text, args, budget) => {
      const pieces = args.positional.length === 0 ? text.trim().split(/\s+/) : text.split(textArg(args, 0));
      budget.list(pieces.length);
      return pieces;
    },
  ],
  [
    "join",
    (text, args, budget) => {
      const items = args.positional[0];
      if (!isList(items)) throw new TemplateError(`expected a list, not ${nameOfType(items)}`);
      const pieces = items.map((item) => textOf(item, budget));
      budget.text(pieces.reduce((sum, piece) => sum + piece.length + text.length, 0));
      return pieces.join(text);
    },
  ],
]);

const LIST_METHODS: ReadonlyMap<string, Method<readonly Value[]>> = new Map<string, Method<readonly Value[]>>(
  [
    [
      "index",
      (list, { positional }, budget) => list.findIndex((item) => equals(item, positional[0], budget)),
    ],
    [
      "count",
      (list, { positional }, budget) => list.filter((item) => equals(item, positional[0], budget)).length,
    ],
  ],
);

const DICT_METHODS: ReadonlyMap<string, Method<Dict>> = new Map<string, Method<Dict>>([
  ["items", (dict) => Object.entries(dict)],
  ["keys", (dict) => Object.keys(dict)],
  ["values", (dict) => Object.values(dict)],
  [
    "get",
    (dict, { positional: [name, otherwise] }) =>
      typeof name === "string" && Object.hasOwn(dict, name) ? dict[name] : (otherwise ?? null),
  ],
]);

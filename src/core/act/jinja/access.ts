/** How a template reaches into values: attributes, items, slices and calls. */
import { textOf } from "./text.ts";
import {
  type Args,
  type Budget,
  Callable,
  isDict,
  isList,
  Model,
  nameOfType,
  Row,
  row,
  TemplateError,
  type Value,
} from "./values.ts";

/** `of.name`: nothing has nothing, however deep (Jinja's chainable undefined). */
export function attributeOf(value: Value, name: string): Value {
  if (value instanceof Model) return value.attribute(name);
  if (value instanceof Row)
    return value.fields.includes(name) ? value[value.fields.indexOf(name)] : undefined;
  return isDict(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** `of[key]`. */
export function itemOf(value: Value, key: Value): Value {
  if (typeof key === "number" && (isList(value) || typeof value === "string")) return value.at(key);
  // The names of a dictionary are texts here, also those that were written as numbers.
  if (typeof key === "number" && isDict(value)) return attributeOf(value, String(key));
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
  if (typeof value === "string" && step === 1) return value.slice(from, to);
  const items: readonly Value[] = typeof value === "string" ? Array.from(value) : value;
  const picked = pick(items, { from, to, step });
  if (typeof value === "string") return picked.map((letter) => textOf(letter, budget)).join("");
  return value instanceof Row && value.kind === "tuple" ? row(picked) : picked;
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

/** What a template may call, called. */
export function called(callee: Value, name: string, args: Args, budget: Budget): Value {
  if (callee instanceof Callable) return callee.call(args, budget);
  if (callee === undefined) throw new TemplateError(`'${name}' is undefined`);
  throw new TemplateError(`'${name}' is ${nameOfType(callee)} and cannot be called`);
}

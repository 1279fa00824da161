/** The filters that go through the items of a value. */
import { attributeOf, itemOf } from "./access.ts";
import { compare, equals, TESTS } from "./operators.ts";
import { textOf } from "./text.ts";
import {
  arg,
  type Budget,
  type Filter,
  isDict,
  isList,
  isTrue,
  itemsOf,
  Model,
  nameOfType,
  TemplateError,
  type Value,
} from "./values.ts";

/** `a.b.0` of an item; the item itself without a path. */
function reach(item: Value, path: Value, budget: Budget): Value {
  if (path === undefined || path === null) return item;
  if (typeof path === "number") return itemOf(item, path);
  return textOf(path, budget)
    .split(".")
    .reduce<Value>(
      (value, step) => (/^\d+$/.test(step) ? itemOf(value, Number(step)) : attributeOf(value, step)),
      item,
    );
}

const folded = (value: Value, isExact: boolean): Value =>
  typeof value === "string" && !isExact ? value.toLowerCase() : value;

function sorted(items: readonly Value[], by: (item: Value) => Value, budget: Budget): readonly Value[] {
  return items.toSorted((a, b) => compare(by(a), by(b), budget));
}

const sort: Filter = (value, args, budget) => {
  const isExact = arg(args, 1, "case_sensitive") === true;
  const path = arg(args, 2, "attribute");
  // Pairs of labels are sorted by name; a list of lists as Python compares lists.
  const items = sorted(itemsOf(value, budget), (item) => folded(reach(item, path, budget), isExact), budget);
  return arg(args, 0, "reverse") === true ? items.toReversed() : items;
};

const extreme =
  (wanted: 1 | -1): Filter =>
  (value, args, budget) => {
    const path = arg(args, 1, "attribute");
    const by = (item: Value): Value =>
      folded(reach(item, path, budget), arg(args, 0, "case_sensitive") === true);
    const [first, ...rest] = itemsOf(value, budget);
    return rest.reduce(
      (best, item) => (compare(by(item), by(best), budget) * wanted > 0 ? item : best),
      first,
    );
  };

const unique: Filter = (value, args, budget) => {
  const path = arg(args, 1, "attribute");
  const seen: Value[] = [];
  return itemsOf(value, budget).filter((item) => {
    const mark = folded(reach(item, path, budget), arg(args, 0, "case_sensitive") === true);
    if (seen.some((one) => equals(one, mark, budget))) return false;
    seen.push(mark);
    return true;
  });
};

const join: Filter = (value, args, budget) => {
  const between = textOf(arg(args, 0, "d") ?? "", budget);
  const path = arg(args, 1, "attribute");
  const pieces = itemsOf(value, budget).map((item) => textOf(reach(item, path, budget), budget));
  budget.text(pieces.reduce((sum, piece) => sum + piece.length + between.length, 0));
  return pieces.join(between);
};

const sum: Filter = (value, args, budget) => {
  const path = arg(args, 0, "attribute");
  return itemsOf(value, budget).reduce<number>((total, item) => {
    const number = reach(item, path, budget);
    if (typeof number !== "number") throw new TemplateError(`${nameOfType(number)} cannot be summed`);
    return total + number;
  }, 0);
};

const dictsort: Filter = (value, args, budget) => {
  const place = arg(args, 1, "by") === "value" ? 1 : 0;
  const isExact = arg(args, 0, "case_sensitive") === true;
  const pairs = sorted(pairsOf(value, budget), (pair) => folded(itemOf(pair, place), isExact), budget);
  return arg(args, 2, "reverse") === true ? pairs.toReversed() : pairs;
};

function pairsOf(value: Value, budget: Budget): readonly Value[] {
  if (value === undefined) return [];
  const pairs = isDict(value) ? Object.entries(value) : value instanceof Model ? value.entries() : null;
  if (pairs === null) throw new TemplateError(`${nameOfType(value)} has no names and values`);
  budget.list(pairs.length);
  return pairs;
}

const map: Filter = (value, args, budget) => {
  const items = itemsOf(value, budget);
  const path = args.named.get("attribute");
  if (path !== undefined) {
    const missing = args.named.get("default");
    return items.map((item) => reach(item, path, budget) ?? missing);
  }
  const [name, ...rest] = args.positional;
  const filter = MAPPABLE.get(textOf(name, budget));
  if (filter === undefined) throw new TemplateError(`map knows no filter named '${textOf(name, budget)}'`);
  return items.map((item) => filter(item, { positional: rest, named: args.named }, budget));
};

const MAPPABLE: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["upper", (value, _args, budget) => changed(value, (text) => text.toUpperCase(), budget)],
  ["lower", (value, _args, budget) => changed(value, (text) => text.toLowerCase(), budget)],
  ["trim", (value, _args, budget) => changed(value, (text) => text.trim(), budget)],
  ["string", (value, _args, budget) => changed(value, (text) => text, budget)],
  ["int", (value, _args, budget) => Math.trunc(Number(textOf(value, budget))) || 0],
  ["float", (value, _args, budget) => Number(textOf(value, budget)) || 0],
  ["length", (value, _args, budget) => itemsOf(value, budget).length],
  ["first", (value, _args, budget) => itemsOf(value, budget)[0]],
  ["last", (value, _args, budget) => itemsOf(value, budget).at(-1)],
  ["join", join],
]);

function changed(value: Value, change: (text: string) => string, budget: Budget): string {
  const text = textOf(value, budget);
  budget.text(text.length);
  return change(text);
}

/** `select`, `reject` and their `…attr` forms: the items of which a test holds, or does not. */
const choose =
  (holds: boolean, byAttribute: boolean): Filter =>
  (value, args, budget) => {
    const [path, name, ...rest] = byAttribute ? args.positional : [undefined, ...args.positional];
    const test = name === undefined ? isTrue : TESTS.get(textOf(name, budget));
    if (test === undefined) throw new TemplateError(`No test named '${textOf(name, budget)}'.`);
    return itemsOf(value, budget).filter((item) => test(reach(item, path, budget), rest, budget) === holds);
  };

const batch: Filter = (value, args, budget) => {
  const size = arg(args, 0, "linecount");
  if (typeof size !== "number" || size < 1) throw new TemplateError("batch wants a number above 0");
  const items = itemsOf(value, budget);
  const fill = arg(args, 1, "fill_with");
  const rows: (readonly Value[])[] = [];
  for (let i = 0; i < items.length; i += Math.floor(size)) rows.push(items.slice(i, i + Math.floor(size)));
  const last = rows.at(-1);
  if (fill === undefined || last === undefined) return rows;
  budget.list(size);
  const padding = Array.from({ length: Math.floor(size) - last.length }, () => fill);
  return [...rows.slice(0, -1), [...last, ...padding]];
};

const groupby: Filter = (value, args, budget) => {
  const path = arg(args, 0, "attribute");
  const by = (item: Value): Value => reach(item, path, budget) ?? arg(args, 1, "default");
  const groups: { readonly grouper: Value; readonly list: Value[] }[] = [];
  for (const item of sorted(itemsOf(value, budget), by, budget)) {
    const open = groups.at(-1);
    if (open !== undefined && equals(open.grouper, by(item), budget)) open.list.push(item);
    else groups.push({ grouper: by(item), list: [item] });
  }
  return groups.map(({ grouper, list }) => [grouper, list]);
};

const attr: Filter = (value, args, budget) => {
  const name = textOf(arg(args, 0, "name"), budget);
  // As in Jinja's sandbox, what starts with an underscore is not to be had as an attribute.
  return name.startsWith("_") ? undefined : attributeOf(value, name);
};

export const LIST_FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["attr", attr],
  ["batch", batch],
  ["dictsort", dictsort],
  ["first", (value, _args, budget) => itemsOf(value, budget)[0]],
  ["groupby", groupby],
  ["items", (value, _args, budget) => pairsOf(value, budget)],
  ["join", join],
  ["last", (value, _args, budget) => itemsOf(value, budget).at(-1)],
  ["list", (value, _args, budget) => itemsOf(value, budget)],
  ["map", map],
  ["max", extreme(1)],
  ["min", extreme(-1)],
  ["reject", choose(false, false)],
  ["rejectattr", choose(false, true)],
  ["reverse", (value, _args, budget) => reversed(value, budget)],
  ["select", choose(true, false)],
  ["selectattr", choose(true, true)],
  ["sort", sort],
  ["sum", sum],
  ["unique", unique],
]);

function reversed(value: Value, budget: Budget): Value {
  const items = itemsOf(value, budget).toReversed();
  return isList(value) || typeof value !== "string"
    ? items
    : items.map((letter) => textOf(letter, budget)).join("");
}

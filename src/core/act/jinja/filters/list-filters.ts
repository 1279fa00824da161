/** The filters that go through the items of a value. */
import { attributeOf, itemOf } from "../access.ts";
import { ARITHMETIC, compare, equals } from "../operators.ts";
import { TESTS } from "../tests.ts";
import { textOf } from "../text.ts";
import {
  type Args,
  arg,
  type Budget,
  type Filter,
  isDict,
  isTrue,
  itemsOf,
  Model,
  nameOfType,
  Once,
  pairsIn,
  row,
  TemplateError,
  type Value,
} from "../values.ts";

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

function folded(value: Value, isExact: boolean, budget: Budget): Value {
  if (typeof value !== "string") return value;
  budget.reading(value);
  return isExact ? value : value.toLowerCase();
}

function sorted(items: readonly Value[], by: (item: Value) => Value, budget: Budget): readonly Value[] {
  return items.toSorted((a, b) => compare(by(a), by(b), budget));
}

const sort: Filter = (value, args, budget) => {
  const isExact = arg(args, 1, "case_sensitive") === true;
  const path = arg(args, 2, "attribute");
  // Several attributes are compared one after the other, as lists are.
  const paths = typeof path === "string" ? path.split(",") : [path];
  const by = (item: Value): Value => {
    const marks = paths.map((one) => folded(reach(item, one, budget), isExact, budget));
    return marks.length === 1 ? marks[0] : marks;
  };
  const items = sorted(itemsOf(value, budget), by, budget);
  return arg(args, 0, "reverse") === true ? items.toReversed() : items;
};

const extreme =
  (wanted: 1 | -1): Filter =>
  (value, args, budget) => {
    const path = arg(args, 1, "attribute");
    const by = (item: Value): Value =>
      folded(reach(item, path, budget), arg(args, 0, "case_sensitive") === true, budget);
    const [first, ...rest] = itemsOf(value, budget);
    return rest.reduce(
      (best, item) => (compare(by(item), by(best), budget) * wanted > 0 ? item : best),
      first,
    );
  };

const unique: Filter = (value, args, budget) => {
  const path = arg(args, 1, "attribute");
  const seen: Value[] = [];
  const items = itemsOf(value, budget).filter((item) => {
    const mark = folded(reach(item, path, budget), arg(args, 0, "case_sensitive") === true, budget);
    if (seen.some((one) => equals(one, mark, budget))) return false;
    seen.push(mark);
    return true;
  });
  return new Once(items);
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
  const add = ARITHMETIC.get("+");
  return itemsOf(value, budget).reduce<Value>(
    (total, item) => add?.(total, reach(item, path, budget), budget),
    arg(args, 1, "start") ?? 0,
  );
};

const dictsort: Filter = (value, args, budget) => {
  const by = arg(args, 1, "by") ?? "key";
  if (by !== "key" && by !== "value") throw new TemplateError('You can only sort by either "key" or "value"');
  const place = by === "value" ? 1 : 0;
  const isExact = arg(args, 0, "case_sensitive") === true;
  const pairs = sorted(
    pairsOf(value, budget),
    (pair) => folded(itemOf(pair, place), isExact, budget),
    budget,
  );
  return arg(args, 2, "reverse") === true ? pairs.toReversed() : pairs;
};

function pairsOf(value: Value, budget: Budget): readonly Value[] {
  if (value === undefined) return [];
  const pairs = isDict(value) ? pairsIn(value) : value instanceof Model ? value.items() : null;
  if (pairs === null) throw new TemplateError(`${nameOfType(value)} has no names and values`);
  budget.list(pairs.length);
  return pairs;
}

/** What `map` gives: of every item an attribute, or what a filter makes of it. */
export function mapped(
  value: Value,
  args: Args,
  budget: Budget,
  change?: (item: Value) => Value,
): Value | null {
  const path = args.named.get("attribute");
  if (path === undefined && change === undefined) {
    if (args.positional.length === 0) throw new TemplateError("map requires a filter argument");
    return null;
  }
  const items = itemsOf(value, budget);
  if (change !== undefined) return new Once(items.map(change));
  const missing = args.named.get("default");
  return new Once(items.map((item) => reach(item, path, budget) ?? missing));
}

/** `select`, `reject` and their `…attr` forms: the items of which a test holds, or does not. */
const choose =
  (holds: boolean, byAttribute: boolean): Filter =>
  (value, args, budget) => {
    if (byAttribute && args.positional.length === 0) throw new TemplateError("an attribute is wanted");
    const [path, name, ...rest] = byAttribute ? args.positional : [undefined, ...args.positional];
    const test = name === undefined ? isTrue : TESTS.get(textOf(name, budget));
    if (test === undefined) throw new TemplateError(`No test named '${textOf(name, budget)}'.`);
    const items = itemsOf(value, budget);
    return new Once(
      items.filter((item) => {
        const asked = reach(item, path, budget);
        budget.reading(asked);
        return test(asked, rest, budget) === holds;
      }),
    );
  };

const batch: Filter = (value, args, budget) => {
  const size = arg(args, 0, "linecount");
  if (typeof size !== "number" || size < 1) throw new TemplateError("batch wants a number above 0");
  const items = itemsOf(value, budget);
  const fill = arg(args, 1, "fill_with");
  const rows: (readonly Value[])[] = [];
  for (let i = 0; i < items.length; i += Math.floor(size)) rows.push(items.slice(i, i + Math.floor(size)));
  const last = rows.at(-1);
  if (fill === undefined || fill === null || last === undefined) return new Once(rows);
  budget.list(size);
  const padding = Array.from({ length: Math.floor(size) - last.length }, () => fill);
  return new Once([...rows.slice(0, -1), [...last, ...padding]]);
};

/** So many columns, the first ones longer. */
const slice: Filter = (value, args, budget) => {
  const columns = arg(args, 0, "slices");
  if (typeof columns !== "number" || columns < 1) throw new TemplateError("slice wants a number above 0");
  budget.list(columns);
  const items = itemsOf(value, budget);
  const fill = arg(args, 1, "fill_with");
  const [size, longer] = [Math.floor(items.length / columns), items.length % columns];
  const made = Array.from({ length: Math.floor(columns) }, (_, i): Value => {
    const from = i * size + Math.min(i, longer);
    const column = items.slice(from, from + size + (i < longer ? 1 : 0));
    return fill === undefined || fill === null || i < longer ? column : [...column, fill];
  });
  return new Once(made);
};

const groupby: Filter = (value, args, budget) => {
  const path = arg(args, 0, "attribute");
  const isExact = arg(args, 2, "case_sensitive") === true;
  const raw = (item: Value): Value => reach(item, path, budget) ?? arg(args, 1, "default");
  const by = (item: Value): Value => folded(raw(item), isExact, budget);
  const groups: { readonly mark: Value; readonly list: Value[] }[] = [];
  for (const item of sorted(itemsOf(value, budget), by, budget)) {
    const open = groups.at(-1);
    if (open !== undefined && equals(open.mark, by(item), budget)) open.list.push(item);
    else groups.push({ mark: by(item), list: [item] });
  }
  return groups.map(({ list }) => row([raw(list[0]), list], "tuple", ["grouper", "list"]));
};

const attr: Filter = (value, args, budget) => {
  const name = textOf(arg(args, 0, "name"), budget);
  // As in Jinja's sandbox, what starts with an underscore is not to be had as an attribute.
  return name.startsWith("_") || isDict(value) ? undefined : attributeOf(value, name);
};

export const LIST_FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["attr", attr],
  ["batch", batch],
  ["dictsort", dictsort],
  ["first", (value, _args, budget) => (value instanceof Once ? value.next() : itemsOf(value, budget)[0])],
  ["groupby", groupby],
  ["items", (value, _args, budget) => new Once(pairsOf(value, budget))],
  ["join", join],
  ["last", (value, _args, budget) => itemsOf(value, budget).at(-1)],
  ["list", (value, _args, budget) => Array.from(itemsOf(value, budget))],
  ["max", extreme(1)],
  ["min", extreme(-1)],
  ["reject", choose(false, false)],
  ["rejectattr", choose(false, true)],
  ["reverse", (value, _args, budget) => reversed(value, budget)],
  ["select", choose(true, false)],
  ["selectattr", choose(true, true)],
  ["slice", slice],
  ["sort", sort],
  ["sum", sum],
  ["unique", unique],
]);

function reversed(value: Value, budget: Budget): Value {
  const items = itemsOf(value, budget).toReversed();
  return typeof value === "string" ? items.map((letter) => textOf(letter, budget)).join("") : new Once(items);
}

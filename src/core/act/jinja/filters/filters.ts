/** The filters of expressions, by name: `x | upper`. */

import { jsonText, reprOf, textOf } from "../text.ts";
import {
  arg,
  type Budget,
  type Filter,
  isDict,
  isList,
  Model,
  nameOfType,
  row,
  TemplateError,
  type Value,
} from "../values.ts";
import { ESCAPES } from "./html-filters.ts";
import { HUMANIZE_FILTERS } from "./humanize.ts";
import { URL_FILTERS } from "./link-filters.ts";
import { LIST_FILTERS, mapped } from "./list-filters.ts";
import { NUMBER_FILTERS } from "./number-filters.ts";
import { TEXT_FILTERS } from "./text-filters.ts";

function length(value: Value): number {
  if (value === undefined) return 0;
  if (typeof value === "string") return Array.from(value).length;
  if (isList(value)) return value.length;
  if (isDict(value)) return Object.keys(value).length;
  const items = value instanceof Model ? value.items() : null;
  if (items === null) throw new TemplateError(`${nameOfType(value)} has no length`);
  return items.length;
}

const otherwise: Filter = (value, args) => {
  const isMissing = value === undefined || (arg(args, 1, "boolean") === true && !value);
  if (!isMissing) return value;
  const isGiven = args.positional.length > 0 || args.named.has("default_value");
  return isGiven ? arg(args, 0, "default_value") : "";
};

const toJson: Filter = (value, args, budget) => {
  const indent = arg(args, 0, "indent") ?? 0;
  if (typeof indent !== "number")
    throw new TemplateError(`indent must be a number, not ${nameOfType(indent)}`);
  return jsonText(value, Math.min(16, indent), budget);
};

/** As Python prints it to be read, with the names of dictionaries sorted. */
const sorted = (value: Value, budget: Budget, depth = 0): Value => {
  budget.spend(1);
  if (depth > NESTING_MAX) throw new TemplateError("a value is nested too deeply");
  if (isList(value))
    return row(
      value.map((item) => sorted(item, budget, depth + 1)),
      kindOf(value),
    );
  if (!isDict(value)) return value;
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, item]) => [name, sorted(item, budget, depth + 1)]));
};

const NESTING_MAX = 300;
const kindOf = (list: readonly Value[]): string =>
  "kind" in list && typeof list.kind === "string" ? list.kind : "list";

const map: Filter = (value, args, budget, run) => {
  const items = mapped(value, args, budget);
  if (items !== null) return items;
  const [name, ...rest] = args.positional;
  const filter = FILTERS.get(textOf(name, budget));
  if (filter === undefined) throw new TemplateError(`No filter named '${textOf(name, budget)}'.`);
  return mapped(value, args, budget, (item) => {
    budget.reading(item);
    return filter(item, { positional: rest, named: args.named }, budget, run);
  });
};

export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["count", length],
  ["d", otherwise],
  ["default", otherwise],
  ["length", length],
  ["map", map],
  ["pprint", (value, _args, budget) => reprOf(sorted(value, budget), budget)],
  ["string", (value, _args, budget) => textOf(value, budget)],
  ["tojson", toJson],
  ...ESCAPES,
  ...HUMANIZE_FILTERS,
  ...LIST_FILTERS,
  ...NUMBER_FILTERS,
  ...TEXT_FILTERS,
  ...URL_FILTERS,
]);

/** Filters that Prefect has and we do not, and why: told when the template is defined. */
export const REFUSED_FILTERS: ReadonlyMap<string, string> = new Map([
  ["random", "random is not allowed: a replay must give the same result"],
  ["urlize", "urlize is not supported: it makes HTML, which no parameter is"],
  ["humanize_activate", "humanize_activate is not supported: texts are in English"],
]);

/** The methods that values have: those of lists, dictionaries and numbers; those of texts stand in text-methods.ts. */
import { equals } from "./operators.ts";
import { TEXT_METHODS } from "./text-methods.ts";
import {
  type Args,
  type Budget,
  Callable,
  type Dict,
  isDict,
  isList,
  type Method,
  Model,
  numberOf,
  pairsIn,
  row,
  TemplateError,
  type Value,
} from "./values.ts";

/** A method of a value; null where it has no such method. */
export function methodOf(value: Value, name: string): Callable | null {
  if (value instanceof Model) return value.method(name);
  const found = boundTo(value, name);
  if (found === undefined) return null;
  const length = typeof value === "string" ? value.length : 0;
  return new Callable((args, budget) => {
    budget.spend(Math.ceil(length / 16));
    return found(args, budget);
  });
}

type Bound = (args: Args, budget: Budget) => Value;

function boundTo(value: Value, name: string): Bound | undefined {
  if (CHANGING.has(name) && (isList(value) || isDict(value))) {
    return () => {
      throw new TemplateError(`'${name}' would change its value; a template may not`);
    };
  }
  if (typeof value === "string") return TEXT_METHODS.get(name)?.bind(null, value);
  if (isList(value)) return LIST_METHODS.get(name)?.bind(null, value);
  if (isDict(value)) return DICT_METHODS.get(name)?.bind(null, value);
  const number = numberOf(value);
  return number === null ? undefined : NUMBER_METHODS.get(name)?.bind(null, number);
}

const CHANGING: ReadonlySet<string> = new Set([
  "append",
  "clear",
  "extend",
  "insert",
  "pop",
  "popitem",
  "remove",
  "reverse",
  "setdefault",
  "sort",
  "update",
]);

const NUMBER_METHODS: ReadonlyMap<string, Method<number>> = new Map<string, Method<number>>([
  ["is_integer", (number) => Number.isInteger(number)],
]);

const only = ({ positional }: Args): Value => {
  if (positional.length === 0) throw new TemplateError("the method wants a value");
  return positional[0];
};

const LIST_METHODS: ReadonlyMap<string, Method<readonly Value[]>> = new Map<string, Method<readonly Value[]>>(
  [
    [
      "index",
      (list, args, budget) => {
        const place = list.findIndex((item) => equals(item, only(args), budget));
        if (place < 0) throw new TemplateError("the value is not in the list");
        return place;
      },
    ],
    ["copy", (list) => Array.from(list)],
    ["count", (list, args, budget) => list.filter((item) => equals(item, only(args), budget)).length],
  ],
);

function counted(dict: Dict, budget: Budget): Dict {
  budget.list(Object.keys(dict).length);
  return dict;
}

const DICT_METHODS: ReadonlyMap<string, Method<Dict>> = new Map<string, Method<Dict>>([
  ["items", (dict, _args, budget) => row(pairsIn(counted(dict, budget)), "dict_items")],
  ["keys", (dict, _args, budget) => row(Object.keys(counted(dict, budget)), "dict_keys")],
  ["values", (dict, _args, budget) => row(Object.values(counted(dict, budget)), "dict_values")],
  ["copy", (dict) => dict],
  [
    "get",
    (dict, { positional: [name, otherwise] }) =>
      typeof name === "string" && Object.hasOwn(dict, name) ? dict[name] : (otherwise ?? null),
  ],
]);

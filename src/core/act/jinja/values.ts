/** Values of templates: JSON, what Jinja adds to it, and how much of it all one rendering may make. */
import type { Json } from "../../model/json.ts";

/** `undefined` is what Jinja calls undefined: a name nobody gave. `null` is its `None`. */
export type Value =
  | undefined
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | Dict
  | Float
  | Model
  | Once
  | Callable;

export interface Dict {
  readonly [name: string]: Value;
}

/** A float that is whole, such as `2.0`. Of every other number one sees whether it is a float. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export const float = (value: number): Value => (Number.isInteger(value) ? new Float(value) : value);

/** A whole number. Python's have no end, ours do: a digit that would be wrong is not printed. */
export function whole(value: number): number {
  if (Number.isFinite(value) && !Number.isSafeInteger(value)) {
    throw new TemplateError("whole numbers beyond 9007199254740991 cannot be told exactly");
  }
  return value === 0 ? 0 : value;
}

/** Truth values count as 0 and 1; null for what is no number. */
export function numberOf(value: Value): number | null {
  if (typeof value === "number") return value;
  if (value instanceof Float) return value.value;
  return typeof value === "boolean" ? Number(value) : null;
}

export const isFloat = (value: Value): boolean =>
  value instanceof Float || (typeof value === "number" && !Number.isInteger(value));

/** What Python gives as a list of another kind: a tuple, a range, the names of a dictionary. Told apart when printed. */
export class Row extends Array<Value> {
  kind = "tuple";
  /** The names its items can be had by, as those of a group. */
  fields: readonly string[] = [];
  /** What is picked from a row is a list. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

export function row(
  items: Iterable<Value>,
  kind = "tuple",
  fields: readonly string[] = [],
): readonly Value[] {
  const made = new Row();
  made.kind = kind;
  made.fields = fields;
  for (const item of items) made.push(item);
  return made;
}

/** The names and values of a dictionary, as pairs. */
export const pairsIn = (dict: Dict): readonly Value[] => Object.entries(dict).map((pair) => row(pair));

/** What can be gone through once, as what `map` and `select` give in Python. */
export class Once {
  readonly #items: readonly Value[];
  #at = 0;
  constructor(items: readonly Value[]) {
    this.#items = items;
  }
  take(): readonly Value[] {
    const rest = this.#at === 0 ? this.#items : this.#items.slice(this.#at);
    this.#at = this.#items.length;
    return rest;
  }
  next(): Value {
    return this.#items[this.#at++];
  }
}

/** A value with attributes of its own: an event, a resource, labels, a time. */
export abstract class Model {
  /** `of.name`; undefined where there is none. */
  abstract attribute(name: string): Value;
  /** As JSON has it: what a whole-string template gives, and `tojson`. */
  abstract json(): Json;
  /** As text has it: what stands within other text. */
  abstract text(): string;
  /** As it stands within a list that is printed. */
  repr(): string {
    return this.text();
  }
  /** Itself and another, or (`sign` -1) without it. */
  plus(other: Value, sign: 1 | -1): Value {
    throw new TemplateError(`an object ${sign > 0 ? "+" : "-"} ${nameOfType(other)} means nothing`);
  }
  /** As `'{:%Y}'.format` has it. */
  formatted(spec: string): string {
    throw new TemplateError(`Invalid format specifier '${spec}'`);
  }
  truth(): boolean {
    return true;
  }
  /** Where Prefect shows it, below its pages' address; null where it does not. */
  page(): string | null {
    return null;
  }
  /** Its id as a resource of events; null for what is none. */
  resourceId(): string | null {
    return null;
  }
  /** The methods it has, beside its attributes. */
  method(_name: string): Callable | null {
    return null;
  }
  /** `of['name']`. */
  item(name: string): Value {
    return this.attribute(name);
  }
  /** What a loop goes through; null where there is nothing to go through. */
  entries(): readonly (readonly [string, Value])[] | null {
    return null;
  }
  items(): readonly Value[] | null {
    return this.entries()?.map((pair) => row(pair)) ?? null;
  }
}

export interface Args {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** The argument of this name or place. */
export const arg = (args: Args, place: number, name: string): Value =>
  args.named.has(name) ? args.named.get(name) : args.positional[place];

/** What an expression may look at while it is computed. */
export interface Run {
  readonly budget: Budget;
  readonly lookup: (name: string) => Value;
}

/** What a filter does to a value. */
export type Filter = (value: Value, args: Args, budget: Budget, run: Run) => Value;

/** What a method of a value does. */
export type Method<Of> = (value: Of, args: Args, budget: Budget) => Value;

/** Something a template may call. */
export class Callable {
  readonly call: (args: Args, budget: Budget) => Value;
  constructor(call: (args: Args, budget: Budget) => Value) {
    this.call = call;
  }
}

/** `namespace()`: the one thing a template may change. */
export class Namespace extends Model {
  readonly #fields: Map<string, Value>;
  constructor(fields: ReadonlyMap<string, Value>) {
    super();
    this.#fields = new Map(fields);
  }
  set(name: string, value: Value): void {
    this.#fields.set(name, value);
  }
  attribute(name: string): Value {
    return this.#fields.get(name);
  }
  json(): Json {
    throw new TemplateError("a namespace is not a JSON value");
  }
  text(): string {
    return "<Namespace>";
  }
}

/** What is wrong with a template, or with what it was given. */
export class TemplateError extends Error {
  /** The line in the template, from 1, where it is known. */
  readonly line: number | null;
  constructor(message: string, line: number | null = null) {
    super(message);
    this.line = line;
  }
}

/** No string that a template makes is longer, its output included. */
export const TEXT_MAX = 1_000_000;
const LIST_MAX = 100_000;
const CHARS_A_STEP = 16;
const CALLS_MAX = 10;

/** How much work a rendering may do: steps, and the characters and items it makes. The same on every machine. */
export class Budget {
  #steps: number;
  #depth = 0;
  constructor(steps = 1_000_000) {
    this.#steps = steps;
  }
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new TemplateError("the template takes too much work");
  }
  /** Calls of macros are nested; what they call would run out of stack first. */
  nested<T>(make: () => T): T {
    if (this.#depth >= CALLS_MAX) throw new TemplateError("macros are nested too deeply");
    this.#depth++;
    const made = make();
    this.#depth--;
    return made;
  }
  /** To be asked before a text of this length is read through. */
  reading(value: Value): void {
    if (typeof value === "string") this.spend(Math.ceil(value.length / CHARS_A_STEP));
  }
  /** To be asked before a string of this length is made. */
  text(chars: number): void {
    if (!(chars <= TEXT_MAX)) throw new TemplateError(`a text would be longer than ${TEXT_MAX} characters`);
    this.spend(Math.ceil(chars / CHARS_A_STEP));
  }
  /** To be asked before a list of this length is made. */
  list(items: number): void {
    if (!(items <= LIST_MAX)) throw new TemplateError(`a list would be longer than ${LIST_MAX} items`);
    this.spend(items);
  }
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

export const isDict = (value: Value): value is Dict =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Model) &&
  !(value instanceof Float) &&
  !(value instanceof Once) &&
  !(value instanceof Callable);

export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (isDict(value)) return Object.keys(value).length > 0;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Model) return value.truth();
  return Boolean(value);
}

/** The items a loop goes through; a dictionary gives its keys, labels give name and value. */
export function itemsOf(value: Value, budget: Budget): readonly Value[] {
  const items = listed(value);
  if (items === null) throw new TemplateError(`${nameOfType(value)} cannot be gone through`);
  budget.list(items.length);
  return items;
}

function listed(value: Value): readonly Value[] | null {
  if (value === undefined) return [];
  if (typeof value === "string") return Array.from(value);
  if (isList(value)) return value;
  if (isDict(value)) return Object.keys(value);
  if (value instanceof Once) return value.take();
  return value instanceof Model ? value.items() : null;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "a truth value",
  undefined: "an undefined value",
};

/** How an error names what it found. */
export function nameOfType(value: Value): string {
  if (value === null) return "None";
  if (isList(value)) return "a list";
  if (isDict(value)) return "a dictionary";
  if (value instanceof Callable) return "a function";
  if (value instanceof Float) return "a number";
  if (value instanceof Once) return "something to go through once";
  return TYPE_NAMES[typeof value] ?? "an object";
}

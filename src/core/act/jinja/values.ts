/** Values of templates: JSON, what Jinja adds to it, and how much of it all one rendering may make. */
import type { Json } from "../../model/json.ts";

/** `undefined` is what Jinja calls undefined: a name nobody gave. `null` is its `None`. */
export type Value = undefined | null | boolean | number | string | readonly Value[] | Dict | Model | Callable;

export interface Dict {
  readonly [name: string]: Value;
}

/** A value with attributes of its own: an event, a resource, labels, a time. */
export abstract class Model {
  /** `of.name`; undefined where there is none. */
  abstract attribute(name: string): Value;
  /** As JSON has it: what a whole-string template gives, and `tojson`. */
  abstract json(): Json;
  /** As text has it: what stands within other text. */
  abstract text(): string;
  /** `of['name']`. */
  item(name: string): Value {
    return this.attribute(name);
  }
  /** What a loop goes through; null where there is nothing to go through. */
  entries(): readonly (readonly [string, Value])[] | null {
    return null;
  }
}

export interface Args {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** The argument of this name or place. */
export const arg = (args: Args, place: number, name: string): Value =>
  args.named.has(name) ? args.named.get(name) : args.positional[place];

/** What a filter does to a value. */
export type Filter = (value: Value, args: Args, budget: Budget) => Value;

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

/** How much work a rendering may do: steps, and the characters and items it makes. The same on every machine. */
export class Budget {
  #steps: number;
  constructor(steps = 1_000_000) {
    this.#steps = steps;
  }
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new TemplateError("the template takes too much work");
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
  !(value instanceof Callable);

export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (isDict(value)) return Object.keys(value).length > 0;
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
  return value instanceof Model ? value.entries() : null;
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
  return TYPE_NAMES[typeof value] ?? "an object";
}

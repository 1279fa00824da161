/** Reads data field by field, leniently as Prefect does, and collects every fault with its place. */
import { bad, type Fault, good, type Result } from "../core/model/fault.ts";
import { isUuid } from "../core/model/id.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../core/model/json.ts";
import { type Duration, duration, parseDuration } from "../core/model/time.ts";

export type Place = readonly (string | number)[];

/** Where faults go while something is read. */
export class Faults {
  readonly #found: Fault[] = [];

  add(at: Place, type: string, message: string, input?: unknown): void {
    this.#found.push({ at, type, message, input });
  }

  /** A rule that a value breaks, in Prefect's way of saying so. */
  rule(at: Place, message: string, input?: unknown): void {
    this.add(at, "value_error", `Value error, ${message}`, input);
  }

  get count(): number {
    return this.#found.length;
  }

  result<T>(value: T): Result<T> {
    return this.#found.length === 0 ? good(value) : bad(this.#found);
  }
}

/** Reads one value; what it returns where it found a fault is never used. */
export type Read<T> = (value: Json, at: Place, faults: Faults) => T;

/** The fields of an object. */
export class Fields {
  readonly #object: JsonObject;
  readonly #at: Place;
  readonly #faults: Faults;

  constructor(object: JsonObject, at: Place, faults: Faults) {
    this.#object = object;
    this.#at = at;
    this.#faults = faults;
  }

  value(name: string): Json | undefined {
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }

  optional<T>(name: string, read: Read<T>, otherwise: T): T {
    const value = this.value(name);
    return value === undefined ? otherwise : read(value, this.place(name), this.#faults);
  }

  /** `placeholder` stands where the field is missing. */
  required<T>(name: string, read: Read<T>, placeholder: T): T {
    if (this.value(name) === undefined)
      this.#faults.add(this.place(name), "missing", "Field required", this.#object);
    return this.optional(name, read, placeholder);
  }

  forbidOthers(names: ReadonlySet<string>): void {
    for (const [name, value] of Object.entries(this.#object)) {
      if (!names.has(name)) {
        this.#faults.add(this.place(name), "extra_forbidden", "Extra inputs are not permitted", value);
      }
    }
  }

  place(name: string): Place {
    return [...this.#at, name];
  }
}

/** An object's fields; none where it is no object. */
export function fieldsOf(value: unknown, at: Place, faults: Faults): Fields | null {
  if (isJsonObject(value)) return new Fields(value, at, faults);
  const message = "Input should be a valid dictionary or object to extract fields from";
  faults.add(at, "model_attributes_type", message, value);
  return null;
}

export const readText: Read<string> = (value, at, faults) => {
  if (typeof value === "string") return value;
  faults.add(at, "string_type", "Input should be a valid string", value);
  return "";
};

export const orNull =
  <T>(read: Read<T>): Read<T | null> =>
  (value, at, faults) =>
    value === null ? null : read(value, at, faults);

const TRUE_WORDS = new Set(["true", "t", "yes", "y", "on", "1"]);
const FALSE_WORDS = new Set(["false", "f", "no", "n", "off", "0"]);

export const readFlag: Read<boolean> = (value, at, faults) => {
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" || typeof value === "number" ? String(value).toLowerCase() : null;
  if (word !== null && TRUE_WORDS.has(word)) return true;
  if (word !== null && FALSE_WORDS.has(word)) return false;
  if (word === null) faults.add(at, "bool_type", "Input should be a valid boolean", value);
  else faults.add(at, "bool_parsing", "Input should be a valid boolean, unable to interpret input", value);
  return false;
};

export const readInteger: Read<number> = (value, at, faults) => {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "string") {
    if (/^\s*[+-]?\d+(?:\.0*)?\s*$/.test(value)) return Number(value);
    const message = "Input should be a valid integer, unable to parse string as an integer";
    faults.add(at, "int_parsing", message, value);
  } else if (typeof value !== "number") {
    faults.add(at, "int_type", "Input should be a valid integer", value);
  } else if (Number.isInteger(value)) return value;
  else {
    const message = "Input should be a valid integer, got a number with a fractional part";
    faults.add(at, "int_from_float", message, value);
  }
  return 0;
};

export const readNumber: Read<number> = (value, at, faults) => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "boolean") return Number(number);
  if (typeof number === "number" && Number.isFinite(number)) return number;
  faults.add(at, "float_type", "Input should be a valid number", value);
  return 0;
};

export const readObject: Read<JsonObject> = (value, at, faults) => {
  if (isJsonObject(value)) return value;
  faults.add(at, "dict_type", "Input should be a valid dictionary", value);
  return {};
};

export const readList: Read<readonly Json[]> = (value, at, faults) => {
  if (isJsonList(value)) return value;
  faults.add(at, "list_type", "Input should be a valid list", value);
  return [];
};

export const listOf =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (value, at, faults) =>
    readList(value, at, faults).map((item, i) => read(item, [...at, i], faults));

/** Names of which each counts once. */
export const readTextSet: Read<readonly string[]> = (value, at, faults) => {
  if (!isJsonList(value)) {
    faults.add(at, "set_type", "Input should be a valid set", value);
    return [];
  }
  return Array.from(new Set(value.map((item, i) => readText(item, [...at, i], faults))));
};

export const readUuid: Read<string> = (value, at, faults) => {
  if (typeof value !== "string") {
    faults.add(at, "uuid_type", "UUID input should be a string, bytes or UUID object", value);
    return "";
  }
  const text = /^[0-9a-f]{32}$/i.test(value)
    ? value.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
    : value;
  if (!isUuid(text))
    faults.add(at, "uuid_parsing", "Input should be a valid UUID, found something else", value);
  return text.toLowerCase();
};

/** Seconds, `PT30S` or `HH:MM:SS`. */
export const readSpan: Read<Duration> = (value, at, faults) => {
  const span = typeof value === "string" || typeof value === "number" ? parseDuration(value) : null;
  if (span !== null && Number.isSafeInteger(span)) return span;
  if (span !== null) faults.rule(at, "a span may be at most 285 years long", value);
  else if (typeof value === "string") {
    const expected = "expected seconds as a number, an ISO 8601 duration such as PT30S, or HH:MM:SS";
    faults.add(at, "time_delta_parsing", `Input should be a valid timedelta, ${expected}`, value);
  } else faults.add(at, "time_delta_type", "Input should be a valid timedelta", value);
  return duration(0);
};

/** One of these words, no other; `names` are what a fault calls them. */
export const oneOf =
  <const T extends string>(
    words: readonly [T, ...T[]],
    names: readonly string[] = words.map(quoted),
  ): Read<T> =>
  (value, at, faults) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const expected = names.join(", ").replace(/, ([^,]*)$/, " or $1");
    faults.add(at, "literal_error", `Input should be ${expected}`, value);
    return words[0];
  };

const quoted = (word: string): string => `'${word}'`;

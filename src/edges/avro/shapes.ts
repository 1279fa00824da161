/** The shapes that values have in JSON for people, apart from records: how each is written, and read back with care. */
import { Buffer } from "node:buffer";
import { isJsonObject, type Json } from "../../core/model/json.ts";
import {
  duration,
  formatInstant,
  instant,
  parseDuration,
  parseInstant,
  toSeconds,
} from "../../core/model/time.ts";
import type { Plain } from "./schema-files.ts";

/** How one part of a schema is written and read; both throw Misfit. */
export interface Shape {
  readonly write: (value: unknown) => Json;
  readonly read: (json: Json) => unknown;
}

/** A value that is not what its schema says; gathers the path to it on its way up. */
export class Misfit extends Error {
  #path = "";

  constructor(expected: string, found: unknown) {
    super(`expected ${expected}, found ${excerpt(found)}`);
  }

  /** The same fault, seen from one step further out. */
  static under(step: string | number, error: unknown): unknown {
    if (!(error instanceof Misfit)) return error;
    const inner = error.#path;
    const own = typeof step === "number" ? `[${step}]` : step;
    error.#path = inner === "" || inner.startsWith("[") ? `${own}${inner}` : `${own}.${inner}`;
    return error;
  }

  get place(): string {
    return this.#path === "" ? this.message : `${this.#path}: ${this.message}`;
  }
}

const EXCERPT_CHARS = 60;

function excerpt(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length > EXCERPT_CHARS ? `${text.slice(0, EXCERPT_CHARS)}…` : text;
}

/** A shape that is the same in memory and in JSON. */
function same(expected: string, fits: (value: unknown) => value is Json): Shape {
  const check = (value: unknown): Json => {
    if (fits(value)) return value;
    throw new Misfit(expected, value);
  };
  return { write: check, read: check };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isInt = (value: unknown): value is number => isWhole(value) && (value | 0) === value;
const isFinite = (value: unknown): value is number => Number.isFinite(value);
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";

const text = same("text", isText);
const long = same("a whole number", isWhole);

const time: Shape = {
  write(value) {
    if (isWhole(value)) return formatInstant(instant(value));
    throw new Misfit("an instant in microseconds", value);
  },
  read(json) {
    const at = isText(json) ? parseInstant(json) : null;
    if (at !== null) return at;
    throw new Misfit("a time such as 2026-01-02T03:04:05Z", json);
  },
};

const span: Shape = {
  write(value) {
    if (isWhole(value)) return toSeconds(duration(value));
    throw new Misfit("a duration in microseconds", value);
  },
  read(json) {
    const read = typeof json === "number" ? parseDuration(json) : null;
    if (read !== null) return read;
    throw new Misfit("a number of seconds", json);
  },
};

const bytes: Shape = {
  write(value) {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    throw new Misfit("bytes", value);
  },
  read(json) {
    const read = isText(json) ? Buffer.from(json, "base64") : null;
    if (read !== null && read.toString("base64") === json) return new Uint8Array(read);
    throw new Misfit("bytes as base64", json);
  },
};

const isJson = (value: unknown): value is Json => value !== null && value !== undefined;

/** The shape of a type that holds no others. */
export function scalarOf(type: string, { logicalType, holds }: Partial<Plain>): Shape {
  if (logicalType === "timestamp-micros") return time;
  if (logicalType === "duration-micros") return span;
  if (logicalType === "json")
    return holds === "object" ? same("an object", isJsonObject) : same("JSON", isJson);
  switch (type) {
    case "string":
      return text;
    case "long":
      return long;
    case "int":
      return same("a whole number of 32 bits", isInt);
    case "double":
      return same("a number", isFinite);
    case "boolean":
      return same("true or false", isBoolean);
    case "bytes":
      return bytes;
    default:
      throw new Error(`there is no type '${type}'`);
  }
}

export const choice = (symbols: readonly string[]): Shape =>
  same(`one of ${symbols.join(", ")}`, (value): value is string => isText(value) && symbols.includes(value));

export const optional = (shape: Shape): Shape => ({
  write: (value) => (value === null ? null : shape.write(value)),
  read: (json) => (json === null ? null : shape.read(json)),
});

export function array(shape: Shape): Shape {
  const each = <In, Out>(items: readonly In[], take: (item: In) => Out): Out[] =>
    items.map((item, index) => {
      try {
        return take(item);
      } catch (error) {
        throw Misfit.under(index, error);
      }
    });
  return {
    write(value) {
      if (Array.isArray(value)) return each(value, shape.write);
      throw new Misfit("a list", value);
    },
    read(json) {
      if (Array.isArray(json)) return each(json, shape.read);
      throw new Misfit("a list", json);
    },
  };
}

/** Names to values; any name, `__proto__` too. */
export function map(shape: Shape): Shape {
  const each = <In, Out>(
    entries: Readonly<Record<string, In>>,
    take: (value: In) => Out,
  ): Record<string, Out> =>
    Object.fromEntries(
      Object.entries(entries).map(([name, value]) => {
        try {
          return [name, take(value)];
        } catch (error) {
          throw Misfit.under(name, error);
        }
      }),
    );
  return {
    write(value) {
      if (isJsonObject(value)) return each(value, shape.write);
      throw new Misfit("an object", value);
    },
    read(json) {
      if (isJsonObject(json)) return each(json, shape.read);
      throw new Misfit("an object", json);
    },
  };
}

/** Records told apart by their `kind`. */
export function kinds(shapes: ReadonlyMap<string, Shape>): Shape {
  const shapeOf = (value: unknown): Shape => {
    const kind = isJsonObject(value) ? value["kind"] : undefined;
    const shape = typeof kind === "string" ? shapes.get(kind) : undefined;
    if (shape !== undefined) return shape;
    throw Misfit.under("kind", new Misfit(`one of ${[...shapes.keys()].join(", ")}`, kind));
  };
  return {
    write: (value) => shapeOf(value).write(value),
    read: (json) => shapeOf(json).read(json),
  };
}

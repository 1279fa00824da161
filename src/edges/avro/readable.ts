/**
 * Records as JSON for people: times as ISO text, durations in seconds, JSON as it is, null where there is nothing.
 * Each schema is walked once, into closures.
 */
import { Buffer } from "node:buffer";
import { isJsonObject, type Json } from "../../core/model/json.ts";
import { type Codec, Unreadable } from "../../runtime/ports.ts";
import type { Enum, RecordOf, Schema } from "./schema-files.ts";
import { array, choice, kinds, Misfit, map, optional, type Shape, scalarOf } from "./shapes.ts";

/** What a schema says cannot be told to the compiler: whoever asks for a codec names the type. */
type Untold = ReturnType<typeof JSON.parse>;
/** Finds a type by its full name. */
type Find = (fullName: string) => Enum | RecordOf | null;

const NO_HEADERS = {};

export function readableCodec(name: string, schema: Schema, find: Find): Codec<Untold> {
  const shape = new Walk(find).shapeOf(schema);
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  return {
    encode(value) {
      try {
        return { value: Buffer.from(JSON.stringify(shape.write(value))), headers: NO_HEADERS };
      } catch (error) {
        throw error instanceof Misfit ? new TypeError(`${name}: ${error.place}`, { cause: error }) : error;
      }
    },
    decode({ value }) {
      try {
        return shape.read(JSON.parse(utf8.decode(value)));
      } catch (error) {
        const why = error instanceof Misfit ? error.place : `expected JSON: ${String(error)}`;
        throw new Unreadable(`${name}: ${why}`, { cause: error });
      }
    },
  };
}

/** The way through one schema. */
class Walk {
  readonly #find: Find;
  readonly #records = new Map<string, Shape>();

  constructor(find: Find) {
    this.#find = find;
  }

  shapeOf(schema: Schema): Shape {
    if (Array.isArray(schema)) return this.#union(schema);
    if (typeof schema === "string") {
      const definition = this.#find(schema);
      return definition === null ? scalarOf(schema, {}) : this.shapeOf(definition);
    }
    if (schema.type === "array") return array(this.shapeOf(schema.items));
    if (schema.type === "map") return map(this.shapeOf(schema.values));
    if (schema.type === "enum") return choice(symbolsOf(schema));
    if (schema.type === "record") return this.#record(schema);
    return scalarOf(schema.type, schema);
  }

  #union(branches: Schema[]): Shape {
    const others = branches.filter((branch) => branch !== "null");
    const [only, ...more] = others;
    if (only !== undefined && more.length === 0) return optional(this.shapeOf(only));
    return kinds(new Map(others.flatMap((branch) => this.#kindOf(branch))));
  }

  /** The kind of a record in a union: the symbols of its field `kind`. */
  #kindOf(branch: Schema): (readonly [string, Shape])[] {
    const record = typeof branch === "string" ? this.#find(branch) : branch;
    if (record === null || Array.isArray(record) || record.type !== "record") return [];
    const type = record.fields.find(({ name }) => name === "kind")?.type;
    if (typeof type !== "object" || Array.isArray(type) || type.type !== "enum") return [];
    return symbolsOf(type).map((symbol) => [symbol, this.#record(record)]);
  }

  #record(record: RecordOf): Shape {
    const known = this.#records.get(record.name);
    if (known !== undefined) return known;
    const fields: FieldShape[] = [];
    const shape = recordShape(fields);
    // Noted before its fields are looked at: a firing holds firings.
    this.#records.set(record.name, shape);
    for (const { name, type, default: initial } of record.fields) {
      fields.push({ name, initial, shape: this.shapeOf(type) });
    }
    return shape;
  }
}

const symbolsOf = ({ symbols, logicalType }: Enum): string[] =>
  logicalType === "dashed" ? symbols.map((symbol) => symbol.replaceAll("_", "-")) : symbols;

interface FieldShape {
  readonly name: string;
  /** What stands in for a field that is not there; undefined where it must be. */
  readonly initial: Json | undefined;
  readonly shape: Shape;
}

/** A record; fields it does not know are passed over, so that writers may be ahead of readers. */
function recordShape(fields: readonly FieldShape[]): Shape {
  return {
    write: (value) => eachField(fields, value, ({ shape }, part) => shape.write(part)),
    read: (json) => eachField(fields, json, ({ shape }, part) => shape.read(part)),
  };
}

function eachField<Out>(
  fields: readonly FieldShape[],
  from: unknown,
  take: (field: FieldShape, part: Json) => Out,
): Record<string, Out> {
  if (!isJsonObject(from)) throw new Misfit("an object", from);
  const result: Record<string, Out> = {};
  let at = "";
  try {
    for (const field of fields) {
      at = field.name;
      const part = from[at] ?? initialOf(field, from);
      result[at] = take(field, part);
    }
    return result;
  } catch (error) {
    throw Misfit.under(at, error);
  }
}

function initialOf({ name, initial }: FieldShape, from: object): Json {
  if (name in from) return null;
  if (initial !== undefined) return structuredClone(initial);
  throw new Misfit("a value", undefined);
}

/** What may stand in a record, for any schema: made by chance from the schema file itself. */
import fc from "fast-check";
import { type Instant, instant } from "../../../src/core/model/time.ts";
import type { Field, Plain, RecordOf, Schema, SchemaFiles } from "../../../src/edges/avro/schema-files.ts";

/** 1970 to 2200: microseconds stay exact. */
const instants: fc.Arbitrary<Instant> = fc
  .integer({ min: 0, max: 7_258_118_400_000_000 })
  .map((micros) => instant(micros));

const texts = fc.string({ unit: "binary", maxLength: 20 });
const names = fc.oneof(
  texts,
  fc.constantFrom("__proto__", "constructor", "toString", "prefect.resource.id", ""),
);

/** JSON has no minus zero. */
const json = fc.jsonValue().map((value: unknown): unknown => JSON.parse(JSON.stringify(value)));
const jsonObject = fc.dictionary(texts, json, { maxKeys: 3, noNullPrototype: true });

/** Values of a schema, as they are in memory. */
export function valuesOf(schema: Schema, files: SchemaFiles): fc.Arbitrary<unknown> {
  return new Values(files).of(schema, 0);
}

const DEPTH_MAX = 3;

class Values {
  readonly #files: SchemaFiles;

  constructor(files: SchemaFiles) {
    this.#files = files;
  }

  of(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    if (Array.isArray(schema)) return fc.oneof(...schema.map((branch) => this.of(branch, depth)));
    if (typeof schema === "string") {
      const definition = this.#files.definition(schema);
      return definition === null ? plain(schema) : this.of(definition, depth);
    }
    if (schema.type === "record") return this.#record(schema, depth + 1);
    if (schema.type === "enum")
      return fc.constantFrom(...schema.symbols.map((symbol) => symbol.replaceAll("_", "-")));
    if (schema.type === "array") {
      return depth > DEPTH_MAX ? fc.constant([]) : fc.array(this.of(schema.items, depth), { maxLength: 3 });
    }
    return schema.type === "map" ? this.#map(this.of(schema.values, depth)) : scalar(schema);
  }

  #map(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
    const entries = fc.uniqueArray(fc.tuple(names, values), { maxLength: 3, selector: ([name]) => name });
    return entries.map((list) => Object.fromEntries(list));
  }

  #record({ fields }: RecordOf, depth: number): fc.Arbitrary<unknown> {
    const each = ({ name, type }: Field): [string, fc.Arbitrary<unknown>] => [name, this.of(type, depth)];
    return fc.record(Object.fromEntries(fields.map(each)), { noNullPrototype: true });
  }
}

function scalar({ type, logicalType, holds }: Plain): fc.Arbitrary<unknown> {
  if (logicalType === "timestamp-micros") return instants;
  if (logicalType === "duration-micros") return fc.integer({ min: 0, max: 1e15 });
  if (logicalType !== "json") return plain(type);
  return holds === "object" ? jsonObject : json.filter((value) => value !== null);
}

function plain(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "int":
      return fc.integer();
    case "long":
      return fc.maxSafeInteger().map((value) => value + 0);
    case "double":
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    case "bytes":
      return fc.uint8Array();
    default:
      return texts;
  }
}

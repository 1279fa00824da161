/** The schema files keep to the rules of docs , and each has an example that is what it says. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { DEFAULT_LIMITS, readEvent } from "../../../src/core/model/event-reader.ts";
import { instant } from "../../../src/core/model/time.ts";
import { openCodecs, schemaNames } from "../../../src/edges/avro/avro.ts";
import {
  type Enum,
  type RecordOf,
  readSchemaFiles,
  type Schema,
} from "../../../src/edges/avro/schema-files.ts";

const dir = join(import.meta.dirname, "../../../schemas");
const files = readSchemaFiles(dir);
const codecs = openCodecs(dir);
const names = schemaNames(dir);

/** Every record and enum that is written out in a schema. */
function definedIn(schema: Schema): (RecordOf | Enum)[] {
  if (typeof schema === "string") return [];
  if (Array.isArray(schema)) return schema.flatMap(definedIn);
  if (schema.type === "array") return definedIn(schema.items);
  if (schema.type === "map") return definedIn(schema.values);
  if (schema.type === "enum") return [schema];
  return schema.type === "record" ? [schema, ...schema.fields.flatMap(({ type }) => definedIn(type))] : [];
}

const SENTENCE = /^[A-Z].*\.$/;
const pascal = (name: string): string =>
  name
    .replace(/^stores\//, "")
    .split("-")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");

describe("the schema files", () => {
  it("are all there", () => {
    assert.deepEqual(names, [
      "automation",
      "deployment",
      "due-run",
      "event",
      "firing",
      "match",
      "reading",
      "rejection",
      "run-command",
      "run-event",
      "run-order",
      "stores/bucket",
      "stores/entry",
      "stores/gauge",
      "stores/pending",
      "stores/positions",
      "stores/rule",
      "stores/slots",
      "stores/taken-ids",
      "stores/waiting",
      "travelling-firing",
      "travelling-match",
      "watermark",
    ]);
  });

  for (const name of names) {
    const { schema } = files.schema(name);
    const defined = definedIn(schema);

    describe(name, () => {
      it("makes a codec of both kinds", () => {
        assert.ok(codecs.of(name, "avro"));
        assert.ok(codecs.of(name, "json"));
      });

      it("is named as its file, or a union of what travels or is kept together", () => {
        if (Array.isArray(schema)) assert.match(name, /^(travelling-|stores\/gauge$)/);
        else {
          assert.equal(defined[0]?.name, pascal(name));
          assert.equal(defined[0]?.namespace, "tripline");
        }
      });

      it("says in sentences what it and each of its fields is", () => {
        for (const { name: inner, doc } of defined) assert.match(doc ?? "", SENTENCE, inner);
        for (const record of defined.filter((one) => one.type === "record")) {
          for (const field of record.fields)
            assert.match(field.doc ?? "", SENTENCE, `${record.name}.${field.name}`);
        }
      });

      it("has a default symbol in each enum, and null for what is optional", () => {
        for (const one of defined) {
          if (one.type === "enum") assert.ok(one.symbols.includes(one.default ?? ""), one.name);
        }
        const fields = defined.flatMap((one) => (one.type === "record" ? one.fields : []));
        for (const { name: field, type, default: initial } of fields) {
          if (Array.isArray(type))
            assert.deepEqual([type.length, type[0], initial], [2, "null", null], field);
        }
      });

      it("has an example that comes back the same from both formats", () => {
        const path = join(dir, "examples", `${name}.json`);
        assert.ok(existsSync(path), path);
        const example: unknown = JSON.parse(readFileSync(path, "utf8"));
        const value = name === "event" ? eventOf(example) : codecs.of(name, "json").decode(recordOf(example));
        const avro = codecs.of<unknown>(name, "avro");
        assert.deepEqual(avro.decode(avro.encode(value)), value);
        const written = codecs.of(name, "json").encode(value);
        assert.deepEqual(JSON.parse(new TextDecoder().decode(written.value)), example);
      });
    });
  }
});

const recordOf = (json: unknown) => ({ value: new TextEncoder().encode(JSON.stringify(json)), headers: {} });

function eventOf(json: unknown): unknown {
  const context = { received: instant(1_800_000_000_000_000), id: () => "none", limits: DEFAULT_LIMITS };
  const read = readEvent(json, context);
  assert.ok(read.ok);
  return read.value;
}

/** The schema files: read once, found by their own names and by the names they define. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../core/model/json.ts";

/** A schema as our files write them; what else Avro allows we do not use. */
export type Schema = Branch | Branch[];
/** A type, or the full name of one. */
export type Branch = string | Plain | Enum | RecordOf | { type: "array"; items: Schema } | MapOf;

export interface Plain {
  type: "null" | "boolean" | "int" | "long" | "double" | "string" | "bytes";
  logicalType?: string;
  /** For JSON that must be an object. */
  holds?: "object";
}

export interface Enum {
  type: "enum";
  name: string;
  namespace?: string;
  doc?: string;
  symbols: string[];
  default?: string;
  logicalType?: string;
}

export interface RecordOf {
  type: "record";
  name: string;
  namespace?: string;
  doc?: string;
  fields: Field[];
}

export interface Field {
  name: string;
  type: Schema;
  doc?: string;
  default?: Json;
}

interface MapOf {
  type: "map";
  values: Schema;
}

/** What a folder of schemas says. */
export interface SchemaFiles {
  /** The schema of `<name>.avsc`, stores' as `stores/<name>`; throws naming the file that is missing. */
  schema(name: string): SchemaFile;
  /** The record or enum of a full name (`tripline.Event`), in whichever file it is defined. */
  readonly definition: (fullName: string) => Enum | RecordOf | null;
  /** What `past/<name>.*.avsc` say: schemas under which records may still be lying in the log. */
  past(name: string): readonly SchemaFile[];
  /** The names of all schemas, sorted. */
  readonly names: readonly string[];
}

export interface SchemaFile {
  readonly file: string;
  readonly schema: Schema;
}

export function readSchemaFiles(dir: string): SchemaFiles {
  const names = [...avscNames(dir), ...avscNames(dir, "stores")].toSorted();
  const schemas = new Map(names.map((name) => [name, readSchema(dir, name)]));
  const past = [...avscNames(dir, "past"), ...avscNames(dir, "past/stores")];
  const definitions = new Map<string, Enum | RecordOf>();
  for (const { file, schema } of schemas.values()) {
    for (const [fullName, definition] of definedIn(schema, "")) {
      if (definitions.has(fullName)) throw new Error(`${file}: ${fullName} is defined in another place too`);
      definitions.set(fullName, definition);
    }
  }
  return {
    names,
    schema(name) {
      const found = schemas.get(name);
      if (found !== undefined) return found;
      throw new Error(`no schema '${name}': there is no ${fileOf(dir, name)}`);
    },
    definition: (fullName) => definitions.get(fullName) ?? null,
    past: (name) => past.filter((old) => old.startsWith(`past/${name}.`)).map((old) => readSchema(dir, old)),
  };
}

const fileOf = (dir: string, name: string): string => join(dir, `${name}.avsc`);

/** The schemas of a folder by name: `event`, `stores/bucket`. */
function avscNames(dir: string, folder = ""): string[] {
  try {
    const files = readdirSync(join(dir, folder)).filter((file) => file.endsWith(".avsc"));
    return files.map((file) => `${folder}${folder === "" ? "" : "/"}${file.slice(0, -".avsc".length)}`);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function readSchema(dir: string, name: string): SchemaFile {
  const file = fileOf(dir, name);
  try {
    const schema: Schema = JSON.parse(readFileSync(file, "utf8"));
    return { file, schema };
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Every named type in a schema, at whatever depth, with its namespace written into it. */
function definedIn(schema: Schema, namespace: string): (readonly [string, Enum | RecordOf])[] {
  if (typeof schema === "string") return [];
  if (Array.isArray(schema)) return schema.flatMap((branch) => definedIn(branch, namespace));
  if (schema.type === "array") return definedIn(schema.items, namespace);
  if (schema.type === "map") return definedIn(schema.values, namespace);
  if (schema.type !== "enum" && schema.type !== "record") return [];
  const inside = schema.namespace ?? namespace;
  const deeper =
    schema.type === "enum" ? [] : schema.fields.flatMap((field) => definedIn(field.type, inside));
  return [[`${inside}.${schema.name}`, { ...schema, namespace: inside }], ...deeper];
}

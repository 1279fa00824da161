/**
 * Our Avro types on top of avsc's: records are plain objects, unions of records are told apart by `kind`, JSON is kept
 * as text, and bytes that say nonsense are refused before they cost memory.
 * Instants and durations are microseconds in memory as on the wire, so they need no type of their own.
 */
import { Buffer } from "node:buffer";
import avsc from "avsc";
import { isJsonObject } from "../../core/model/json.ts";
import { Long } from "./long.ts";
import type { Enum, RecordOf, Schema } from "./schema-files.ts";
import { checked, type Hook, type Resolver, type Tap } from "./tap.ts";

type Options = Partial<avsc.ForSchemaOptions>;
/** Finds a type by its full name, where the schema at hand does not define it. */
type Find = (fullName: string) => Enum | RecordOf | null;

export function compile(schema: Schema, find: Find): avsc.Type {
  const registry: Record<string, avsc.Type> = {};
  const type = avsc.Type.forSchema(schema, {
    registry,
    omitRecordMethods: true,
    assertLogicalTypes: true,
    logicalTypes: { json: JsonText, dashed: Dashed },
    typeHook: (part, options) => ours(part, options, find),
  });
  for (const named of Object.values(registry)) {
    if (named instanceof avsc.types.RecordType) named.recordConstructor.prototype = Object.prototype;
  }
  return type;
}

/** The types that we read and write ourselves, by Avro's names. */
const OWN = new Map<unknown, (schema: avsc.Schema, options: Options) => avsc.Type>([
  ["long", () => new Long()],
  ["bytes", () => new Bytes()],
  ["array", (schema, options) => new Items(schema, options)],
  ["map", (schema, options) => new Entries(schema, options)],
]);

function ours(schema: avsc.Schema, options: Options, find: Find): avsc.Type | undefined {
  if (Array.isArray(schema)) return schema.includes("null") ? undefined : new Kinds(schema, options);
  const own = OWN.get(typeof schema === "object" && "type" in schema ? schema.type : schema);
  if (own !== undefined) return own(schema, options);
  if (typeof schema !== "string" || options.registry?.[schema] !== undefined) return undefined;
  const definition = find(schema);
  return definition === null ? undefined : avsc.Type.forSchema(definition, options);
}

/** Any JSON but null, as text; null is for the union around it. */
class JsonText extends avsc.types.LogicalType {
  readonly #wantsObject: boolean;

  constructor(schema: avsc.Schema, options?: Options) {
    super(schema, options);
    this.#wantsObject = typeof schema === "object" && "holds" in schema;
  }

  protected override _fromValue(text: string): unknown {
    return JSON.parse(text);
  }

  protected override _toValue(value: unknown): string | undefined {
    if (value === null || (this.#wantsObject && !isJsonObject(value))) return undefined;
    return JSON.stringify(value);
  }

  protected override _resolve(writer: avsc.Type): unknown {
    if (writer.typeName === "logical:json") return (value: unknown) => value;
    return writer.typeName === "string" ? (text: string) => this._fromValue(text) : undefined;
  }
}

/** Symbols cannot hold a dash: `run_now` on the wire is `run-now` in memory. */
class Dashed extends avsc.types.LogicalType {
  protected override _fromValue(symbol: string): string {
    return symbol.replaceAll("_", "-");
  }

  protected override _toValue(value: unknown): string | undefined {
    return typeof value === "string" ? value.replaceAll("-", "_") : undefined;
  }

  protected override _resolve(writer: avsc.Type): unknown {
    if (writer.typeName === "logical:dashed") return (value: string) => value;
    return writer.typeName === "enum" ? (symbol: string) => this._fromValue(symbol) : undefined;
  }
}

/** Bytes as `Uint8Array`, whichever kind of it is given; what is read is a view on what it was read from. */
class Bytes extends avsc.types.BytesType {
  override _check(value: unknown, _flags?: number, hook?: Hook): boolean {
    return checked(value instanceof Uint8Array, () => hook?.(value, this));
  }

  override _read(tap: Tap): unknown {
    const length = tap.readLong();
    const { buf, pos } = tap;
    tap.pos += Math.max(length, 0);
    stayInside(tap);
    return new Uint8Array(buf.buffer, buf.byteOffset + pos, Math.max(length, 0));
  }

  override _write(tap: Tap, value: unknown): void {
    if (!(value instanceof Uint8Array)) throw new Error("expected bytes");
    tap.writeBytes(Buffer.from(value.buffer, value.byteOffset, value.length));
  }
}

/** A list; a count that the bytes cannot hold is refused as soon as they end. */
class Items extends avsc.types.ArrayType {
  override _read(tap: Tap): unknown {
    const items: unknown[] = [];
    for (let count = blockSize(tap); count !== 0; count = blockSize(tap)) {
      for (; count > 0; count--) {
        items.push(this.itemsType._read(tap));
        stayInside(tap);
      }
    }
    return items;
  }
}

/** A map of names to values, any name; refuses as lists do. */
class Entries extends avsc.types.MapType {
  override _read(tap: Tap): unknown {
    const entries: Record<string, unknown> = {};
    for (let count = blockSize(tap); count !== 0; count = blockSize(tap)) {
      for (; count > 0; count--) {
        const name = tap.readString();
        const value: unknown = this.valuesType._read(tap);
        stayInside(tap);
        // Assigned, this one name would go to the prototype and be lost.
        if (name === "__proto__") Object.defineProperty(entries, name, { value, ...OPEN });
        else entries[name] = value;
      }
    }
    return entries;
  }
}

const OPEN = { enumerable: true, writable: true, configurable: true };

function blockSize(tap: Tap): number {
  const count = tap.readLong();
  if (count >= 0) return count;
  tap.skipLong(); // How many bytes the block has.
  return -count;
}

function stayInside(tap: Tap): void {
  if (!(tap.pos <= tap.buf.length)) throw new Error("the bytes end too early");
}

/** Records told apart by the one symbol of their field `kind`, in memory as they are. */
class Kinds extends avsc.types.WrappedUnionType {
  override _check(value: unknown, flags?: number, hook?: Hook, path?: string[]): boolean {
    const type = this.types[indexOf(value, this.types)];
    if (type !== undefined) return type._check(value, flags, hook, path);
    return checked(false, () => hook?.(value, this));
  }

  override _read(tap: Tap): unknown {
    const index = tap.readLong();
    const type = this.types[index];
    if (type === undefined) throw new Error(`there is no kind ${index}`);
    return type._read(tap);
  }

  override _write(tap: Tap, value: unknown): void {
    const index = indexOf(value, this.types);
    const type = this.types[index];
    if (type === undefined) throw new Error("expected a record of a known kind");
    tap.writeLong(index);
    type._write(tap, value);
  }

  override _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    for (const type of this.types) {
      if (type.name === writer.name) type._update(resolver, writer, options);
    }
  }
}

/** Which of the records has this value's kind; -1 for none. */
function indexOf(value: unknown, types: readonly avsc.Type[]): number {
  if (typeof value !== "object" || value === null || !("kind" in value)) return -1;
  return types.findIndex((type) => isOfKind(type, value.kind));
}

function isOfKind(type: avsc.Type, kind: unknown): boolean {
  if (!(type instanceof avsc.types.RecordType)) return false;
  const kinds = type.field("kind").type;
  return kinds instanceof avsc.types.EnumType && kinds.symbols[0] === kind;
}

/** The Avro edge: what each schema file says becomes a codec, binary for our own topics and JSON for people's. */
import { Buffer } from "node:buffer";
import type { Event } from "../../core/model/event.ts";
import { eventToJson } from "../../core/model/event-reader.ts";
import { isJsonObject } from "../../core/model/json.ts";
import { CAUSES_HEADER, type Codecs, Unreadable } from "../../runtime/ports.ts";
import { binaryCodec } from "./binary.ts";
import { readableCodec } from "./readable.ts";
import { readSchemaFiles, type SchemaFiles } from "./schema-files.ts";
import { compile } from "./types.ts";

/** Every codec of a folder of schemas; throws naming the file that is missing or broken. */
export function openCodecs(schemasDir: string): Codecs {
  const files = readSchemaFiles(schemasDir);
  const open = new Map<string, ReturnType<typeof openCodec>>();
  return {
    of(schema, format) {
      const name = `${schema}.${format}`;
      const codec = open.get(name) ?? openCodec(files, schema, format);
      open.set(name, codec);
      return codec;
    },
  };
}

/** The names of the schemas in a folder: what topics may carry. */
export const schemaNames = (schemasDir: string): readonly string[] => readSchemaFiles(schemasDir).names;

function openCodec(files: SchemaFiles, name: string, format: "json" | "avro") {
  const { file, schema } = files.schema(name);
  const type = inFile(file, () => compile(schema, files.definition));
  if (name === "event" && format === "json") return events;
  if (format === "json") return tellingCauses(readableCodec(name, schema, files.definition));
  const past = files.past(name).map((old) => inFile(old.file, () => compile(old.schema, () => null)));
  return binaryCodec(name, type, past);
}

function inFile<T>(file: string, compiled: () => T): T {
  try {
    return compiled();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Events in Prefect's own wire form. Reading one takes its record's timestamp and place, which the runtime has. */
const events = {
  encode(value: unknown) {
    if (!isEvent(value)) throw new TypeError("event: expected an event");
    // When it was received is for the broker to say.
    const { received: _, ...sent } = eventToJson(value);
    return { value: Buffer.from(JSON.stringify(sent)), headers: causesHeader(value.causes) };
  },
  decode(): never {
    throw new Unreadable("event: use readEvent, which takes the record's timestamp and place");
  },
};

const isEvent = (value: unknown): value is Event =>
  isJsonObject(value) && typeof value["event"] === "string" && typeof value["occurred"] === "number";

/** The same codec; what has causes tells them in the header too, so that they can be handed on unread. */
const tellingCauses = (codec: ReturnType<typeof readableCodec>): typeof codec => ({
  encode(value) {
    const causes = isJsonObject(value) ? value["causes"] : undefined;
    return { ...codec.encode(value), headers: Array.isArray(causes) ? causesHeader(causes) : NO_HEADERS };
  },
  decode: (record) => codec.decode(record),
});

const NO_HEADERS = {};

const causesHeader = (causes: readonly unknown[]): Readonly<Record<string, string>> =>
  causes.length === 0 ? NO_HEADERS : { [CAUSES_HEADER]: causes.join(",") };

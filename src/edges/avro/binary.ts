/**
 * Records as binary Avro, each preceded by what tells its schema (Avro's single-object encoding), so that what was
 * written before a schema grew is read back with the new field's default.
 */
import { Buffer } from "node:buffer";
import type avsc from "avsc";
import { type Codec, Unreadable } from "../../runtime/ports.ts";
import { fingerprint } from "./fingerprint.ts";

/** Two bytes that mark the encoding, then eight of the schema's fingerprint. */
const HEAD_BYTES = 10;
const MARK = 0x01c3;
const NO_HEADERS = {};

/** What a schema says cannot be told to the compiler: whoever asks for a codec names the type. */
type Untold = ReturnType<avsc.Type["fromBuffer"]>;

/** Codec of a type, and of the types it had before. */
export function binaryCodec(name: string, type: avsc.Type, past: readonly avsc.Type[]): Codec<Untold> {
  const head = headOf(type);
  const [low, high] = [head.readUInt32LE(2), head.readUInt32LE(6)];
  const resolvers = new Map(past.map((old) => [headOf(old).toString("hex"), type.createResolver(old)]));
  let scratch = withHead(head, 1024);

  return {
    encode(value) {
      let end = write(type, { value, into: scratch, name });
      if (end < 0) {
        // Too small; what is missing is told as a negative number.
        scratch = withHead(head, 2 * (scratch.length - end));
        end = write(type, { value, into: scratch, name });
      }
      return { value: Buffer.from(scratch.subarray(0, end)), headers: NO_HEADERS };
    },
    decode({ value }) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
      if (bytes.length < HEAD_BYTES || bytes.readUInt16LE(0) !== MARK) {
        throw new Unreadable(`${name}: expected Avro with its schema's fingerprint before it`);
      }
      const isOurs = bytes.readUInt32LE(2) === low && bytes.readUInt32LE(6) === high;
      if (isOurs) return read(type, { bytes, name });

      const print = bytes.subarray(0, HEAD_BYTES).toString("hex");
      const resolver = resolvers.get(print);
      if (resolver !== undefined) return read(type, { bytes, name, resolver });
      throw new Unreadable(
        `${name}: written with a schema that is not known here (fingerprint ${print.slice(4)})`,
      );
    },
  };
}

function headOf(type: avsc.Type): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16LE(MARK, 0);
  head.writeBigUInt64LE(fingerprint(JSON.stringify(type.schema())), 2);
  return head;
}

function withHead(head: Buffer, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  head.copy(bytes);
  return bytes;
}

interface Write {
  readonly value: unknown;
  readonly into: Buffer;
  readonly name: string;
}

function write(type: avsc.Type, { value, into, name }: Write): number {
  try {
    return type.encode(value, into, HEAD_BYTES);
  } catch (error) {
    throw new TypeError(`${name}: ${misfit(type, value) ?? String(error)}`, { cause: error });
  }
}

/** Where a value does not fit its type. */
function misfit(type: avsc.Type, value: unknown): string | null {
  let found: string | null = null;
  type.isValid(value, {
    errorHook(path, part, wanted) {
      found ??= `${path.join(".")}: expected ${wanted.typeName}, found ${JSON.stringify(part) ?? "nothing"}`;
    },
  });
  return found;
}

interface Read {
  readonly bytes: Buffer;
  readonly name: string;
  readonly resolver?: ReturnType<avsc.Type["createResolver"]>;
}

function read(type: avsc.Type, { bytes, name, resolver }: Read): Untold {
  try {
    const { value, offset } = type.decode(bytes, HEAD_BYTES, resolver);
    if (offset === bytes.length) return value;
    throw new Error(offset < 0 ? "the bytes end too early" : "there are bytes left over");
  } catch (error) {
    throw new Unreadable(`${name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

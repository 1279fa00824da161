/** Ids are derived from what they identify, never drawn: replaying gives the same ids (design.md, section 1). */
import { sha1 } from "@noble/hashes/legacy.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** The namespace of all ids that Tripline derives. */
const TRIPLINE = "6f1c2d3e-5b7a-4c9d-8e21-3a4b5c6d7e8f";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/** UUIDv5 of what the parts say together: the same parts give the same id, and no two lists of parts run into one. */
export function deriveId(...parts: readonly (string | number | null)[]): string {
  const name = utf8ToBytes(JSON.stringify(parts));
  const input = new Uint8Array(NAMESPACE.length + name.length);
  input.set(NAMESPACE);
  input.set(name, NAMESPACE.length);
  return stamped(sha1(input), 5);
}

/** A UUIDv7 of a time and of what is to be told apart at that time: sorts by time, and is the same on every replay. */
export function deriveTimeId(millis: number, ...parts: readonly (string | number | null)[]): string {
  const bytes = sha1(utf8ToBytes(JSON.stringify(parts)));
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(millis / 2 ** (8 * (5 - i))) % 256;
  return stamped(bytes, 7);
}

function stamped(hash: Uint8Array, version: number): string {
  hash[6] = ((hash[6] ?? 0) & 0x0f) | (version << 4);
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  let id = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) id += "-";
    id += HEX[hash[i] ?? 0] ?? "";
  }
  return id;
}

/** Every byte as two digits. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const NAMESPACE = Uint8Array.from(TRIPLINE.replaceAll("-", "").match(/../g) ?? [], (pair) =>
  Number.parseInt(pair, 16),
);

/** Ids are derived from what they identify, never drawn: replaying gives the same ids (design.md, section 1). */
import { sha1 } from "@noble/hashes/legacy.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** The namespace of all ids that Tripline derives. */
const TRIPLINE = "6f1c2d3e-5b7a-4c9d-8e21-3a4b5c6d7e8f";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/** UUIDv5 of what the parts say together: the same parts give the same id, and no two lists of parts run into one. */
export function deriveId(...parts: readonly (string | number | null)[]): string {
  return stamped(hashOf(IN_NAMESPACE, parts), 5);
}

/** A UUIDv7 of a time and of what is to be told apart at that time: sorts by time, and is the same on every replay. */
export function deriveTimeId(millis: number, ...parts: readonly (string | number | null)[]): string {
  const bytes = hashOf(UNNAMED, parts);
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(millis / 2 ** (8 * (5 - i))) % 256;
  return stamped(bytes, 7);
}

/** SHA-1 of what was begun and then the parts; good until the next call, as one hasher and one buffer serve all. */
function hashOf(begun: Hasher, parts: readonly (string | number | null)[]): Uint8Array {
  begun
    ._cloneInto(hasher)
    .update(bytesOf(JSON.stringify(parts)))
    .digestInto(hash);
  return hash;
}

/** Most parts are plain: then one byte each, in a buffer that serves until the next call. */
function bytesOf(text: string): Uint8Array {
  if (text.length > plain.length) return utf8ToBytes(text);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return utf8ToBytes(text);
    plain[i] = code;
  }
  return plain.subarray(0, text.length);
}

const plain = new Uint8Array(1024);

function stamped(hash: Uint8Array, version: number): string {
  hash[6] = ((hash[6] ?? 0) & 0x0f) | (version << 4);
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return uuidText(hash, 0);
}

/** The text of the UUID whose 16 bytes stand at a place. */
export function uuidText(bytes: Uint8Array, from: number): string {
  let id = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) id += "-";
    id += HEX[bytes[from + i] ?? 0] ?? "";
  }
  return id;
}

/** How many words of 32 bits a UUID has. */
export const UUID_WORDS = 4;

/** Reads a UUID, lower case with hyphens, as words; of any other text, the id derived from it. */
export function readUuid(text: string, into: Uint32Array): void {
  if (text.length === 36 && readWords(text, into)) return;
  readWords(deriveId(text), into);
}

function readWords(text: string, into: Uint32Array): boolean {
  let word = 0;
  let digits = 0;
  let faults = 0;
  for (let i = 0; i < 36; i++) {
    const code = text.charCodeAt(i);
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      faults |= code ^ HYPHEN;
      continue;
    }
    const digit = DIGITS[code] ?? NO_DIGIT;
    faults |= digit & NO_DIGIT;
    word = (word << 4) | digit;
    digits += 1;
    if ((digits & 7) === 0) into[(digits >> 3) - 1] = word;
  }
  return faults === 0;
}

const HYPHEN = 45;
const NO_DIGIT = 16;
/** By code unit: the value of a lower-case hexadecimal digit. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(code));
  return digit < 0 ? NO_DIGIT : digit;
});

/** Every byte as two digits. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const NAMESPACE = Uint8Array.from(TRIPLINE.replaceAll("-", "").match(/../g) ?? [], (pair) =>
  Number.parseInt(pair, 16),
);

type Hasher = ReturnType<typeof sha1.create>;
const UNNAMED = sha1.create();
const IN_NAMESPACE = sha1.create().update(NAMESPACE);
const hasher = sha1.create();
const hash = new Uint8Array(hasher.outputLen);

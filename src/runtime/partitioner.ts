/** Which partition a key belongs to: Kafka's standard partitioner, so that any producer and we agree (design.md, section 3). */

const encoder = new TextEncoder();

/** The bytes of the key at hand; keys of more characters have bytes of their own. */
const BYTES = new Uint8Array(256);

/** Partition 0 … count-1 of a key: murmur2 of its UTF-8 bytes, made positive, modulo the count. */
export function partitionOf(key: string, count: number): number {
  if (count === 1) return 0;
  const hash = putAscii(key) ? murmur2(BYTES, key.length) : murmur2(encoder.encode(key));
  return (hash & 0x7fffffff) % count;
}

/** Most keys are short and in ASCII, where a character is a byte: an encoder would take longer than the hash. */
function putAscii(key: string): boolean {
  if (key.length > BYTES.length) return false;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code >= 0x80) return false;
    BYTES[i] = code;
  }
  return true;
}

const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;

/** The 32-bit murmur2 hash that Kafka's clients use, of the first bytes. */
export function murmur2(bytes: Uint8Array, length = bytes.length): number {
  let hash = SEED ^ length;
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) {
    let word =
      byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24);
    word = Math.imul(word, MIX);
    word ^= word >>> 24;
    hash = Math.imul(hash, MIX) ^ Math.imul(word, MIX);
  }
  const left = length - whole;
  if (left === 3) hash ^= byte(bytes, whole + 2) << 16;
  if (left >= 2) hash ^= byte(bytes, whole + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ byte(bytes, whole), MIX);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MIX);
  return hash ^ (hash >>> 15);
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

/** Which partition a key belongs to: Kafka's standard partitioner, so that any producer and we agree (design.md, section 3). */

const encoder = new TextEncoder();

/** Partition 0 … count-1 of a key: murmur2 of its UTF-8 bytes, made positive, modulo the count. */
export function partitionOf(key: string, count: number): number {
  if (count === 1) return 0;
  return (murmur2(encoder.encode(key)) & 0x7fffffff) % count;
}

const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;

/** The 32-bit murmur2 hash that Kafka's clients use. */
export function murmur2(bytes: Uint8Array): number {
  let hash = SEED ^ bytes.length;
  const whole = bytes.length - (bytes.length % 4);
  for (let i = 0; i < whole; i += 4) {
    let word =
      byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24);
    word = Math.imul(word, MIX);
    word ^= word >>> 24;
    hash = Math.imul(hash, MIX) ^ Math.imul(word, MIX);
  }
  const left = bytes.length - whole;
  if (left === 3) hash ^= byte(bytes, whole + 2) << 16;
  if (left >= 2) hash ^= byte(bytes, whole + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ byte(bytes, whole), MIX);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MIX);
  return hash ^ (hash >>> 15);
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

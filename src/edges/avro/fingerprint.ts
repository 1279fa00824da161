/** Fingerprints: by which a reader knows the schema that bytes were written with (Avro's CRC-64). */

const EMPTY = 0xc15d213aa4d7a795n;
const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let entry = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) entry = (entry >> 1n) ^ (entry & 1n ? EMPTY : 0n);
  return entry;
});

/** The fingerprint of a schema's canonical text. */
export function fingerprint(canonical: string): bigint {
  let print = EMPTY;
  for (const byte of new TextEncoder().encode(canonical)) {
    print = (print >> 8n) ^ (TABLE[Number((print ^ BigInt(byte)) & 0xffn)] ?? 0n);
  }
  return print;
}

/** Undoes the compression that producers may choose for their batches. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";

/** A few bytes can be made to unpack to more than there is memory: whoever writes a topic must not end its readers. */
export const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;

/** By the number in a batch's attributes. Throws where that cannot be done. */
export function decompress(codec: number, bytes: Buffer): Buffer {
  try {
    return unpack(codec, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`a compressed batch cannot be unpacked: ${reason}`, { cause });
  }
}

function unpack(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case 1:
      return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
    case 2:
      return unpackSnappy(bytes, UNPACKED_BYTES_MAX);
    case 3:
      return unpackLz4(bytes, UNPACKED_BYTES_MAX);
    case 4:
      return zstdDecompressSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
    default:
      throw new Error(`its codec is not known: ${codec}`);
  }
}

/** Undoes the compression that producers may choose for their batches. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { LogError } from "../../../runtime/ports.ts";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";

/** By the number in a batch's attributes. */
export function decompress(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case 1:
      return gunzipSync(bytes);
    case 2:
      return unpackSnappy(bytes);
    case 3:
      return unpackLz4(bytes);
    case 4:
      return zstdDecompressSync(bytes);
    default:
      throw new LogError(`a batch is compressed by a codec we do not know: ${codec}`, { retriable: false });
  }
}

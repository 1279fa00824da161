/** A place in bytes that moves on as they are read, in the variable-length numbers of Kafka's records. */
export class Cursor {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** A signed number, up to 2⁵³: seven bits a byte, the lowest first, the sign in the lowest of all. */
  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++];
    if (byte === undefined) throw new RangeError("a record ends before its time");
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);

    let sum = byte & 0x7f;
    let scale = 128;
    while (byte >= 0x80) {
      byte = bytes[this.at++];
      if (byte === undefined) throw new RangeError("a record ends before its time");
      sum += (byte & 0x7f) * scale;
      scale *= 128;
    }
    return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2;
  }

  /** A view on the next bytes, as many as the number before them says; null where that is negative. */
  bytes(): Uint8Array | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.#pass(length);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  /** The next bytes as UTF-8. */
  text(): string | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.#pass(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  #pass(length: number): number {
    const start = this.at;
    this.at += length;
    if (this.at > this.#bytes.length) throw new RangeError("a record ends before its time");
    return start;
  }
}

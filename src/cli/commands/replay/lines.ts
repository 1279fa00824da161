/** The lines of a long file, a block at a time: it is never held whole. */
import { createReadStream } from "node:fs";

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Null where the line is longer than any event may be. */
  readonly text: string | null;
}

export interface Block {
  readonly lines: readonly Line[];
  readonly bytes: number;
}

const LINE_BYTES_MAX = 8_000_000;
const NEWLINE = 0x0a;

/** Blocks as they are read, each with the lines that end in it. */
export async function* blocksOf(path: string): AsyncGenerator<Block> {
  const splitter = new Splitter();
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    const bytes: Buffer = chunk;
    yield { lines: splitter.split(bytes), bytes: bytes.length };
  }
  yield { lines: splitter.rest(), bytes: 0 };
}

class Splitter {
  #number = 0;
  #begun: Buffer[] = [];
  #begunBytes = 0;

  split(chunk: Buffer): readonly Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#add(chunk.subarray(from, end));
      lines.push(this.#end());
      from = end + 1;
    }
    this.#add(chunk.subarray(from));
    return lines;
  }

  /** The last line, where no newline ends it. */
  rest(): readonly Line[] {
    return this.#begunBytes === 0 ? [] : [this.#end()];
  }

  #add(part: Buffer): void {
    if (part.length === 0) return;
    this.#begunBytes += part.length;
    if (this.#begunBytes <= LINE_BYTES_MAX) this.#begun.push(part);
    else this.#begun = [];
  }

  #end(): Line {
    this.#number += 1;
    const isTooLong = this.#begunBytes > LINE_BYTES_MAX;
    const text = isTooLong ? null : Buffer.concat(this.#begun).toString("utf8");
    this.#begun = [];
    this.#begunBytes = 0;
    return { number: this.#number, text };
  }
}

/**
 * An entry as the changelog gives it back. Its state stays packed, as a text of one character a byte, until somebody asks
 * for it: of a million keys restored most are not asked for before they are written anew or forgotten. Held as bytes it
 * would hold the whole answer of the broker that it came in.
 */
import type { Instant } from "../core/model/time.ts";
import type { Entry } from "./chain/chain.ts";
import type { Codec } from "./ports.ts";

interface Read {
  readonly wakeAt: Instant | null;
  readonly gathers: boolean;
  readonly state: Uint8Array;
}

class PackedEntry implements Entry {
  readonly wakeAt: Instant | null;
  readonly gathers: boolean;
  #state: unknown = null;
  #packed: string | null;
  readonly #codec: Codec<unknown>;

  constructor({ wakeAt, gathers }: Read, packed: string, codec: Codec<unknown>) {
    this.wakeAt = wakeAt;
    this.gathers = gathers;
    this.#packed = packed;
    this.#codec = codec;
  }

  get state(): unknown {
    if (this.#packed !== null) {
      this.#state = this.#codec.decode({ value: Buffer.from(this.#packed, "latin1"), headers: {} });
      this.#packed = null;
    }
    return this.#state;
  }
}

/** States begin with the fingerprint of the schema they were written with. */
const FINGERPRINT_BYTES = 10;

/** Packs the entries of one store. */
export class Packer {
  readonly #codec: Codec<unknown>;
  /** Of the schema read last. */
  #fingerprint: string | null = null;

  constructor(codec: Codec<unknown>) {
    this.#codec = codec;
  }

  /** Throws Unreadable where the state's schema is not known here: later, some event would have to answer for it. */
  pack(read: Read): Entry {
    const { state } = read;
    const packed = Buffer.from(state.buffer, state.byteOffset, state.length).toString("latin1");
    if (this.#fingerprint === null || !packed.startsWith(this.#fingerprint)) {
      this.#codec.decode({ value: state, headers: {} });
      this.#fingerprint = packed.slice(0, FINGERPRINT_BYTES);
    }
    return new PackedEntry(read, packed, this.#codec);
  }
}

/** Names of events as bytes, and whether some trigger wants events of that name: asked once of each name. */
import type { Interests } from "./interests.ts";

interface Known {
  readonly bytes: Uint8Array;
  readonly isWanted: boolean;
}

/** Who sends ever new names must not fill the memory with them. */
const KNOWN_MAX = 10_000;

const utf8 = new TextDecoder();

export class Names {
  readonly #interests: Interests;
  readonly #known = new Map<number, Known>();

  constructor(interests: Interests) {
    this.#interests = interests;
  }

  /** Whether every state of a run is wanted, whatever the event is called. */
  get wantsStates(): boolean {
    return this.#interests.inStates;
  }

  /** Whether some trigger may want an event whose name stands in [from, end). */
  wants(bytes: Uint8Array, from: number, end: number): boolean {
    let hash = 0x811c9dc5;
    for (let at = from; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
    const known = this.#known.get(hash);
    if (known !== undefined && isAt(known.bytes, bytes, from, end)) return known.isWanted;
    const name = bytes.slice(from, end);
    const isWanted = this.#interests.inName(utf8.decode(name));
    if (this.#known.size === KNOWN_MAX) this.#known.clear();
    // Of two names with one hash the later one is remembered.
    this.#known.set(hash, { bytes: name, isWanted });
    return isWanted;
  }
}

function isAt(name: Uint8Array, bytes: Uint8Array, from: number, end: number): boolean {
  if (name.length !== end - from) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false;
  return true;
}

/** Times by UUID, the oldest dropped first: a hash table over a ring, both in flat arrays that grow up to a bound. */
import { readUuid, UUID_WORDS } from "../../core/model/id.ts";

/** Of a place in the ring whose id was put again since. */
const VOID = Number.NEGATIVE_INFINITY;
const LEAST_PLACES = 1024;

export class UuidRing {
  readonly #capacity: number;
  /** Where the oldest stands, and how many places from there on are taken. */
  #first = 0;
  #length = 0;
  #voids = 0;
  /** By place: the id, and its time. */
  #words: Uint32Array;
  #times: Float64Array;
  /** Open addressing with linear probing: place + 1, or 0 where nothing is. Never more than half full. */
  #slots: Int32Array;
  /** The id that was asked for last, in words: it is looked up before it is put. */
  readonly #sought = new Uint32Array(UUID_WORDS);
  #soughtId: string | null = null;

  constructor(capacity: number) {
    this.#capacity = capacity;
    const places = Math.min(capacity, LEAST_PLACES);
    this.#words = new Uint32Array(places * UUID_WORDS);
    this.#times = new Float64Array(places);
    this.#slots = slotsFor(places);
  }

  /** The time an id was last put with; minus infinity where it is not held. */
  timeOf(id: string): number {
    this.#seek(id);
    const place = (this.#slots[this.#find(this.#sought, 0)] ?? 0) - 1;
    return place < 0 ? VOID : (this.#times[place] ?? VOID);
  }

  /** The time of the oldest; infinity where nothing is held. */
  get oldest(): number {
    while (this.#length > 0 && this.#times[this.#first] === VOID) this.#step();
    return this.#length === 0 ? Number.POSITIVE_INFINITY : (this.#times[this.#first] ?? VOID);
  }

  /** Puts an id as the newest; returns the time of the one that had to go for it, if there was no room. */
  put(id: string, time: number): number | null {
    this.#seek(id);
    const known = (this.#slots[this.#find(this.#sought, 0)] ?? 0) - 1;
    if (known >= 0) this.#clear(known);
    const evicted = this.#makeRoom();
    this.#append(this.#sought, time);
    return evicted;
  }

  dropOldest(): void {
    if (this.#times[this.#first] !== VOID) this.#clear(this.#first);
    this.#step();
  }

  #seek(id: string): void {
    if (id === this.#soughtId) return;
    readUuid(id, this.#sought);
    this.#soughtId = id;
  }

  #makeRoom(): number | null {
    if (this.#length < this.#times.length) return null;
    const { oldest } = this;
    if (this.#length < this.#times.length) return null;
    // A place in the middle is free only where an id was put again, which those who ask first never do.
    if (this.#voids > 0 || this.#times.length < this.#capacity) {
      this.#rebuild(this.#voids > 0 ? this.#times.length : Math.min(this.#capacity, this.#times.length * 4));
      return null;
    }
    this.dropOldest();
    return oldest;
  }

  #step(): void {
    this.#first = (this.#first + 1) % this.#times.length;
    this.#length -= 1;
    this.#voids -= 1;
  }

  /** The slot of an id: the one that names its place, or the free one where it would go. */
  #find(words: Uint32Array, at: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(words, at) & mask;
    for (let place = slots[slot] ?? 0; place !== 0; place = slots[slot] ?? 0) {
      if (this.#isAt(place - 1, words, at)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #isAt(place: number, words: Uint32Array, at: number): boolean {
    const own = place * UUID_WORDS;
    for (let i = 0; i < UUID_WORDS; i++) if (this.#words[own + i] !== words[at + i]) return false;
    return true;
  }

  /** Takes a place out of the table; those that were pushed on by it move back. */
  #clear(place: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let free = this.#find(this.#words, place * UUID_WORDS);
    this.#times[place] = VOID;
    this.#voids += 1;
    for (let slot = (free + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const wanted = hashOf(this.#words, ((slots[slot] ?? 0) - 1) * UUID_WORDS) & mask;
      if (((slot - wanted) & mask) < ((slot - free) & mask)) continue;
      slots[free] = slots[slot] ?? 0;
      free = slot;
    }
    slots[free] = 0;
  }

  /** The same in so many places, without gaps. */
  #rebuild(places: number): void {
    const from = { words: this.#words, times: this.#times, first: this.#first, length: this.#length };
    this.#words = new Uint32Array(places * UUID_WORDS);
    this.#times = new Float64Array(places);
    this.#slots = slotsFor(places);
    this.#first = 0;
    this.#length = 0;
    this.#voids = 0;
    for (let i = 0; i < from.length; i++) {
      const place = (from.first + i) % from.times.length;
      const time = from.times[place] ?? VOID;
      if (time === VOID) continue;
      this.#append(from.words.subarray(place * UUID_WORDS, (place + 1) * UUID_WORDS), time);
    }
  }

  #append(words: Uint32Array, time: number): void {
    const place = (this.#first + this.#length) % this.#times.length;
    this.#words.set(words, place * UUID_WORDS);
    this.#times[place] = time;
    this.#slots[this.#find(words, 0)] = place + 1;
    this.#length += 1;
  }
}

function slotsFor(places: number): Int32Array {
  return new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, places * 2))));
}

/** UUIDs drawn by time share their first bytes: all words have their say, each bit in all that come after it. */
function hashOf(words: Uint32Array, at: number): number {
  let hash = 0;
  for (let i = 0; i < UUID_WORDS; i++) {
    hash = Math.imul(hash ^ (words[at + i] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

/**
 * The ids of the events a task has taken, as its changelog keeps them: packed in blocks, each under a key of its own. A
 * block is written in the transaction that takes its events, so that a restore finds ids and positions as they stood
 * together, and has nothing to read but the changelog. Blocks go with what their ids are good for: the memory by which
 * duplicates are told (chain/seen-ids.ts) holds no more, and none for longer.
 */
import { readUuid, UUID_WORDS, uuidText } from "../../core/model/id.ts";
import { type Instant, instant, later, minus } from "../../core/model/time.ts";
import { type Change, type Entry, REMEMBERED, REMEMBERED_MAX } from "../chain/chain.ts";

/** The store under which blocks of ids stand in the changelog. */
export const TAKEN_IDS = "taken-ids";

/** A block with so many is closed; until then every commit writes it anew. */
const BLOCK_IDS = 128;

/** What stands under the key of a block, which is its number. */
interface Block {
  /** 16 bytes each. */
  readonly ids: Uint8Array;
  /** When each was received: the time since the one before, the first since 1970. */
  readonly received: readonly number[];
}

/** What is kept in memory of a block that is closed. */
interface Closed {
  readonly count: number;
  readonly oldest: Instant;
  readonly newest: Instant;
}

export interface TakenId {
  readonly id: string;
  readonly received: Instant;
}

export class TakenIds {
  readonly #capacity: number;
  /** Oldest first, by number. */
  readonly #closed = new Map<number, Closed>();
  #total = 0;
  /** The open block and its number. */
  #number = 0;
  #open: TakenId[] = [];
  #isChanged = false;
  #last: Instant = instant(0);
  readonly #restored = new Map<number, Block>();

  constructor(capacity = REMEMBERED_MAX) {
    this.#capacity = capacity;
  }

  /** Of how many ids the changelog tells. */
  get size(): number {
    return this.#total + this.#open.length;
  }

  /** The `received` of the first id that is left; the beginning of time where none was dropped. */
  get reachesBackTo(): Instant {
    const [first] = this.#closed;
    return first === undefined || first[0] === 0 ? instant(0) : first[1].oldest;
  }

  add(id: string, received: Instant): void {
    this.#open.push({ id, received });
    this.#isChanged = true;
    this.#last = received;
  }

  /** What the changelog is to be told since the last call. */
  takeChanges(): readonly Change[] {
    if (!this.#isChanged) return [];
    this.#isChanged = false;
    const changes = [changeOf(this.#number, { state: pack(this.#open), wakeAt: null, gathers: false })];
    if (this.#open.length >= BLOCK_IDS) this.#close();
    return [...changes, ...this.#dropOld().map((number) => changeOf(number, null))];
  }

  #close(): void {
    this.#keep(this.#number, this.#open);
    this.#number += 1;
    this.#open = [];
  }

  #keep(number: number, ids: readonly TakenId[]): void {
    this.#forget(number);
    const [oldest, newest] = [ids[0]?.received ?? instant(0), ids.at(-1)?.received ?? instant(0)];
    this.#closed.set(number, { count: ids.length, oldest, newest });
    this.#total += ids.length;
  }

  #forget(number: number): void {
    this.#total -= this.#closed.get(number)?.count ?? 0;
    this.#closed.delete(number);
  }

  /** The numbers of the blocks that are worth nothing any more; the newest stays, it tells the time. */
  #dropOld(): readonly number[] {
    const dropped: number[] = [];
    for (const [number, { count, newest }] of this.#closed) {
      const isNeeded = newest > minus(this.#last, REMEMBERED) && this.size - count < this.#capacity;
      if (isNeeded) break;
      dropped.push(number);
      this.#forget(number);
    }
    return dropped;
  }

  /** The same, read back: what stands under the key of a block. The next commit begins a block of its own. */
  restore(key: string, entry: Entry | null): void {
    const number = Number(key);
    this.#number = Math.max(this.#number, number + 1);
    if (isBlock(entry?.state)) this.#restored.set(number, entry.state);
    else {
      this.#restored.delete(number);
      this.#forget(number);
    }
  }

  /** The ids restored since the last call: of blocks that were dropped again, or written anew, nothing is unpacked. */
  *takeRestored(): Iterable<TakenId> {
    for (const [number, block] of [...this.#restored].toSorted(([a], [b]) => a - b)) {
      const known = this.#closed.get(number)?.count ?? 0;
      const ids = unpack(block);
      this.#keep(number, ids);
      this.#last = later(this.#last, ids.at(-1)?.received ?? instant(0));
      yield* ids.slice(known);
    }
    this.#restored.clear();
  }
}

const changeOf = (number: number, entry: Entry | null): Change => ({
  store: TAKEN_IDS,
  key: String(number),
  entry,
});

const ID_BYTES = 16;
const words = new Uint32Array(UUID_WORDS);

function pack(taken: readonly TakenId[]): Block {
  const ids = new DataView(new ArrayBuffer(taken.length * ID_BYTES));
  let last = instant(0);
  const received = taken.map(({ id, received: at }, place) => {
    readUuid(id, words);
    for (const [i, word] of words.entries()) ids.setUint32(place * ID_BYTES + i * 4, word);
    const since = at - last;
    last = at;
    return since;
  });
  return { ids: new Uint8Array(ids.buffer), received };
}

function unpack({ ids, received }: Block): TakenId[] {
  let last = instant(0);
  return received.map((since, i) => {
    last = instant(last + since);
    return { id: uuidText(ids, i * ID_BYTES), received: last };
  });
}

const isBlock = (state: unknown): state is Block =>
  typeof state === "object" && state !== null && "ids" in state && "received" in state;

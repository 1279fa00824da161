/** Where inputs gather that come from several tasks: kept like state, taken in the order of their places, not of their arrival. */
import type { Instant } from "../../core/model/time.ts";
import type { Place, Stage } from "../../core/processor.ts";
import { Heap } from "./heap.ts";
import { type Entry, Store } from "./store.ts";

interface Waiting extends Place {
  /** The key of the state it is for. */
  readonly key: string;
  /** The key under which it waits. */
  readonly id: string;
}

/** An input in the order of taking, with the key it is for. */
interface Taken {
  readonly key: string;
  readonly input: unknown;
}

/** Between the parts of an id; ranks and keys are texts without control characters. */
const SEPARATOR = "\u0001";

export class Inbox {
  readonly #stage: Stage<unknown, unknown>;
  readonly store: Store;
  readonly #waiting = new Heap<Waiting>((a, b) => a.id < b.id);

  constructor(step: { readonly name: string; readonly stage: Stage<unknown, unknown> }) {
    this.#stage = step.stage;
    this.store = new Store(`inbox-${step.name}`);
  }

  get size(): number {
    return this.store.size;
  }

  /** Adds an input for a key; the same one again changes nothing. */
  add(key: string, input: unknown): void {
    const waiting = this.#placed(key, input);
    if (this.store.get(waiting.id) !== null) return;
    this.store.set(waiting.id, { state: input, wakeAt: null, gathers: true });
    this.#waiting.push(waiting);
  }

  /** The instant of the earliest input. */
  nextAt(): Instant | null {
    for (let head = this.#waiting.peek(); head !== null; head = this.#waiting.peek()) {
      if (this.store.get(head.id) !== null) return head.at;
      this.#waiting.pop();
    }
    return null;
  }

  /** Takes out the inputs of an instant, in order: key by key, those of one moment joined to one. */
  takeAt(at: Instant): readonly Taken[] {
    const byKey = new Map<string, (Waiting & Taken)[]>();
    while (this.nextAt() === at) {
      const next = this.#waiting.pop();
      if (next === null) break;
      const taken = { ...next, input: this.store.get(next.id)?.state };
      this.store.set(next.id, null);
      const others = byKey.get(next.key);
      if (others === undefined) byKey.set(next.key, [taken]);
      else others.push(taken);
    }
    return [...byKey].flatMap(([key, inputs]) => this.#joined(inputs).map((input) => ({ key, input })));
  }

  /** Drops what waits for keys that are gone. */
  forget(isGone: (key: string) => boolean): void {
    for (const id of this.store.keys()) if (isGone(keyIn(id))) this.store.set(id, null);
  }

  /** Puts back what the changelog kept; false where it belongs to another store. */
  restore(storeName: string, id: string, entry: Entry | null): boolean {
    if (storeName !== this.store.name) return false;
    this.store.restore(id, entry);
    if (entry !== null) this.#waiting.push(this.#placed(keyIn(id), entry.state));
    return true;
  }

  #placed(key: string, input: unknown): Waiting {
    const place = this.#stage.placeOf?.(input);
    if (place === undefined) throw new Error(`${this.store.name}: its stage says no place for what gathers`);
    const id = [String(place.at).padStart(16, "0"), place.rank, key].join(SEPARATOR);
    return { ...place, key, id };
  }

  #joined(inputs: readonly (Waiting & Taken)[]): readonly unknown[] {
    const stage = this.#stage;
    if (stage.join === undefined) return inputs.map(({ input }) => input);
    const moments = Map.groupBy(inputs, ({ moment }) => moment);
    return Array.from(moments.values(), (together) => stage.join?.(together.map(({ input }) => input)));
  }
}

const keyIn = (id: string): string => id.slice(id.lastIndexOf(SEPARATOR) + 1);

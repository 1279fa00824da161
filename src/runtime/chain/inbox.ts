/** Where inputs gather that come from several tasks: kept like state, taken in the order of their places, not of their arrival. */
import type { Instant } from "../../core/model/time.ts";
import type { Place, Stage } from "../../core/processor.ts";
import { Heap } from "./heap.ts";
import { type Entry, Store } from "./store.ts";

interface Waiting {
  readonly at: Instant;
  /** The key of the state it is for. */
  readonly key: string;
  /** The key under which it waits: sorts by its place. */
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
  readonly #waiting = new Heap<Waiting>((a, b) => a.at < b.at || (a.at === b.at && a.id < b.id));

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
    const first = this.#takeNext(at);
    if (first === null) return [];
    if (this.nextAt() !== at) return [{ key: first.key, input: this.#join([first.input]) }];
    const byKey = new Map([[first.key, [first.input]]]);
    for (let next = this.#takeNext(at); next !== null; next = this.#takeNext(at)) {
      const others = byKey.get(next.key);
      if (others === undefined) byKey.set(next.key, [next.input]);
      else others.push(next.input);
    }
    return [...byKey].flatMap(([key, inputs]) => this.#joined(inputs).map((input) => ({ key, input })));
  }

  #takeNext(at: Instant): Taken | null {
    if (this.nextAt() !== at) return null;
    const next = this.#waiting.pop();
    if (next === null) return null;
    const input = this.store.get(next.id)?.state;
    this.store.set(next.id, null);
    return { key: next.key, input };
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
    const { at, rank } = this.#placeOf(input);
    return { at, key, id: `${String(at).padStart(16, "0")}${SEPARATOR}${rank}${SEPARATOR}${key}` };
  }

  #placeOf(input: unknown): Place {
    const place = this.#stage.placeOf?.(input);
    if (place === undefined) throw new Error(`${this.store.name}: its stage says no place for what gathers`);
    return place;
  }

  #joined(inputs: readonly unknown[]): readonly unknown[] {
    if (this.#stage.join === undefined) return inputs;
    const moments = Map.groupBy(inputs, (input) => this.#placeOf(input).moment);
    return Array.from(moments.values(), (together) => this.#join(together));
  }

  /** Inputs of one moment as one; for a stage that takes each by itself, there is only one. */
  #join(together: readonly unknown[]): unknown {
    return this.#stage.join === undefined ? together[0] : this.#stage.join(together);
  }
}

const keyIn = (id: string): string => id.slice(id.lastIndexOf(SEPARATOR) + 1);

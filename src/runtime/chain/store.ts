/** Keyed state of one step: kept in memory, every change noted for the changelog, every wake-up in order of its time. */
import type { Instant } from "../../core/model/time.ts";
import { Heap } from "./heap.ts";

/** What is kept under a key. */
export interface Entry {
  readonly state: unknown;
  readonly wakeAt: Instant | null;
  /** Whether the key follows the watermark, as keys do that gather from all tasks, or its own task's stream time. */
  readonly gathers: boolean;
}

interface Timer {
  readonly due: Instant;
  readonly key: string;
}

export class Store {
  readonly name: string;
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new Set<string>();
  #timers = { own: newTimers(), gathering: newTimers() };
  /** The earliest time at which a key stands in the heap: a wake-up that only moves later is pushed when that comes. */
  readonly #queued = new Map<string, Instant>();

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry | null {
    return this.#entries.get(key) ?? null;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** Sets what is kept under a key; null forgets it. */
  set(key: string, entry: Entry | null): void {
    if (entry === null && !this.#entries.has(key)) return;
    this.#changed.add(key);
    this.restore(key, entry);
  }

  /** The same, read back from the changelog: nothing to be noted. */
  restore(key: string, entry: Entry | null): void {
    if (entry === null) {
      this.#entries.delete(key);
      return;
    }
    this.#entries.set(key, entry);
    if (entry.wakeAt !== null) this.#queue(key, entry.wakeAt, entry.gathers);
  }

  /** The keys changed since the last call, each with what is now kept under it. */
  takeChanges(): readonly (readonly [key: string, entry: Entry | null])[] {
    const changes = Array.from(this.#changed, (key) => [key, this.get(key)] as const);
    this.#changed.clear();
    return changes;
  }

  /** When the next key of this clock wants to be woken. */
  nextDue(gathers: boolean): Instant | null {
    const timers = gathers ? this.#timers.gathering : this.#timers.own;
    for (let head = timers.peek(); head !== null; head = timers.peek()) {
      if (this.#isCurrent(head, gathers)) return head.due;
      timers.pop();
      if (this.#queued.get(head.key) === head.due) this.#requeue(head.key);
    }
    return null;
  }

  /** Takes out all keys that want to be woken at that very instant. */
  takeDue(at: Instant, gathers: boolean): string[] {
    const timers = gathers ? this.#timers.gathering : this.#timers.own;
    const keys: string[] = [];
    while (this.nextDue(gathers) === at) {
      const head = timers.pop();
      if (head === null) break;
      this.#queued.delete(head.key);
      keys.push(head.key);
    }
    return keys;
  }

  #isCurrent(timer: Timer, gathers: boolean): boolean {
    const entry = this.#entries.get(timer.key);
    return (
      entry?.wakeAt === timer.due && entry.gathers === gathers && this.#queued.get(timer.key) === timer.due
    );
  }

  #requeue(key: string): void {
    this.#queued.delete(key);
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.wakeAt !== null) this.#queue(key, entry.wakeAt, entry.gathers);
  }

  #queue(key: string, due: Instant, gathers: boolean): void {
    const queued = this.#queued.get(key);
    if (queued !== undefined && queued <= due) return;
    this.#queued.set(key, due);
    (gathers ? this.#timers.gathering : this.#timers.own).push({ due, key });
    if (this.timerCount > 2 * this.#entries.size + SPARE_TIMERS) this.#sweepTimers();
  }

  /** How many timers are held; those of keys that are gone go when they are due, or when they are too many. */
  get timerCount(): number {
    return this.#timers.own.size + this.#timers.gathering.size;
  }

  #sweepTimers(): void {
    this.#timers = { own: newTimers(), gathering: newTimers() };
    this.#queued.clear();
    for (const [key, { wakeAt, gathers }] of this.#entries) {
      if (wakeAt === null) continue;
      this.#queued.set(key, wakeAt);
      (gathers ? this.#timers.gathering : this.#timers.own).push({ due: wakeAt, key });
    }
  }
}

/** So many timers of gone keys are not worth a sweep. */
const SPARE_TIMERS = 1024;

const newTimers = (): Heap<Timer> => new Heap<Timer>((a, b) => a.due < b.due);

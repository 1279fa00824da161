/** The bounded memory of the ids of events a task has taken: by it duplicates are told (semantics.md, section 2). */

import { type Instant, instant, minus, minutes } from "../../core/model/time.ts";
import type { SeenIds } from "../../core/processor.ts";

const REMEMBERED = minutes(30);

export class SeenIdsMemory implements SeenIds {
  readonly #takenAt = new Map<string, Instant>();
  /** One walk for good, oldest first: a new one would pass again by every place left empty by what was forgotten. */
  #ages = this.#takenAt.entries();
  /** Where the walk stands. */
  #oldest: readonly [string, Instant] | null = null;
  readonly #capacity: number;
  #reachesBackTo: Instant = instant(0);
  /** How many ids were forgotten before their 30 minutes were over. */
  evictedEarly = 0;

  constructor(capacity = 100_000) {
    this.#capacity = capacity;
  }

  get reachesBackTo(): Instant {
    return this.#reachesBackTo;
  }

  has(id: string, at: Instant): boolean {
    const takenAt = this.#takenAt.get(id);
    return takenAt !== undefined && takenAt > minus(at, REMEMBERED);
  }

  add(id: string, at: Instant): void {
    // Taken again, it is the newest, and the walk meets it later.
    if (this.#oldest?.[0] === id) this.#oldest = null;
    this.#takenAt.delete(id);
    this.#takenAt.set(id, at);
    this.#forgetOld(minus(at, REMEMBERED));
  }

  /** After a restore: nothing taken before this W is remembered. */
  startFrom(at: Instant): void {
    this.#reachesBackTo = at;
  }

  #forgetOld(before: Instant): void {
    for (let oldest = this.#findOldest(); oldest !== null; oldest = this.#findOldest()) {
      const [id, takenAt] = oldest;
      const isFull = this.#takenAt.size > this.#capacity;
      if (takenAt > before && !isFull) return;
      this.#takenAt.delete(id);
      this.#oldest = null;
      if (takenAt > before) {
        this.evictedEarly += 1;
        this.#reachesBackTo = takenAt;
      }
    }
  }

  #findOldest(): readonly [string, Instant] | null {
    if (this.#oldest !== null) return this.#oldest;
    const { value, done } = this.#ages.next();
    // A walk that has come to its end never goes on.
    if (done === true) this.#ages = this.#takenAt.entries();
    this.#oldest = value ?? null;
    return this.#oldest;
  }
}

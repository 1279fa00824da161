/** The bounded memory of the ids of events a task has taken: by it duplicates are told (semantics.md, section 2). */

import { type Instant, instant, minus, minutes } from "../../core/model/time.ts";
import type { SeenIds } from "../../core/processor.ts";

const REMEMBERED = minutes(30);

export class SeenIdsMemory implements SeenIds {
  readonly #takenAt = new Map<string, Instant>();
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
    this.#takenAt.delete(id);
    this.#takenAt.set(id, at);
    this.#forgetOld(minus(at, REMEMBERED));
  }

  /** After a restore: nothing taken before this W is remembered. */
  startFrom(at: Instant): void {
    this.#reachesBackTo = at;
  }

  #forgetOld(before: Instant): void {
    for (const [id, takenAt] of this.#takenAt) {
      const isFull = this.#takenAt.size > this.#capacity;
      if (takenAt > before && !isFull) return;
      this.#takenAt.delete(id);
      if (takenAt > before) {
        this.evictedEarly += 1;
        this.#reachesBackTo = takenAt;
      }
    }
  }
}

/**
 * The bounded memory of the ids of events a task has taken: by it duplicates are told (semantics.md, section 2). Every
 * event is looked up and noted here, so ids stand as numbers in flat arrays: nothing for the collector to walk, and
 * two or three places of memory to touch.
 */
import { type Instant, instant, minus, minutes } from "../../core/model/time.ts";
import type { SeenIds } from "../../core/processor.ts";
import { UuidRing } from "./uuid-ring.ts";

/** So long ids are remembered, and so many of them. */
export const REMEMBERED = minutes(30);
export const REMEMBERED_MAX = 100_000;

export class SeenIdsMemory implements SeenIds {
  readonly #ids: UuidRing;
  #reachesBackTo: Instant = instant(0);
  /** How many ids were forgotten before their 30 minutes were over. */
  evictedEarly = 0;

  constructor(capacity = REMEMBERED_MAX) {
    this.#ids = new UuidRing(capacity);
  }

  get reachesBackTo(): Instant {
    return this.#reachesBackTo;
  }

  has(id: string, at: Instant): boolean {
    return this.#ids.timeOf(id) > minus(at, REMEMBERED);
  }

  add(id: string, at: Instant): void {
    const before = minus(at, REMEMBERED);
    while (this.#ids.oldest <= before) this.#ids.dropOldest();
    const evicted = this.#ids.put(id, at);
    if (evicted === null) return;
    this.evictedEarly += 1;
    this.#reachesBackTo = instant(evicted);
  }

  /** After a restore: nothing taken before this W is remembered. */
  startFrom(at: Instant): void {
    this.#reachesBackTo = at;
  }
}

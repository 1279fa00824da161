/** A queue by due time: a binary heap whose times stand apart from what is due, so that comparing touches numbers alone. */
import { type Instant, instant } from "../../core/model/time.ts";

export class TimerQueue<T> {
  readonly #dues: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** What is due first; null where nothing waits. */
  peek(): T | null {
    return this.#items[0] ?? null;
  }

  /** When that is due. */
  peekDue(): Instant | null {
    const due = this.#dues[0];
    return due === undefined ? null : instant(due);
  }

  push(due: Instant, item: T): void {
    const dues = this.#dues;
    const items = this.#items;
    let at = dues.length;
    dues.push(due);
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = dues[above] ?? 0;
      if (parent <= due) break;
      this.#move(above, at);
      at = above;
    }
    dues[at] = due;
    items[at] = item;
  }

  pop(): T | null {
    const least = this.peek();
    const due = this.#dues.pop();
    const last = this.#items.pop();
    if (due === undefined || last === undefined) return null;
    if (this.#dues.length > 0) this.#sink(due, last);
    return least;
  }

  /** Puts an item in at the root and lets it sink to its place. */
  #sink(due: number, item: T): void {
    const dues = this.#dues;
    const count = dues.length;
    let at = 0;
    for (let child = 1; child < count; child = 2 * at + 1) {
      const right = child + 1;
      if (right < count && (dues[right] ?? 0) < (dues[child] ?? 0)) child = right;
      if ((dues[child] ?? 0) >= due) break;
      this.#move(child, at);
      at = child;
    }
    dues[at] = due;
    this.#items[at] = item;
  }

  #move(from: number, to: number): void {
    const item = this.#items[from];
    if (item === undefined) return;
    this.#dues[to] = this.#dues[from] ?? 0;
    this.#items[to] = item;
  }
}

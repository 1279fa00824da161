/** What has gathered since a task committed last, and whether that is enough to commit. */
import type { Ticker } from "../ports.ts";

/** Commit when the input has run dry, or when this much has gathered. */
export const GATHERED_RECORDS = 5_000;
const GATHERED_MS = 100;
/** Events that nobody wants leave nothing but positions and ids, which are worth a transaction now and then. */
const PASSED_MS = 1_000;

export class Gathered {
  readonly #ticker: Ticker;
  #records = 0;
  #hasWork = false;
  /** Since when there is work, and since when there is anything. */
  #since = { work: 0, any: 0 };

  constructor(ticker: Ticker) {
    this.#ticker = ticker;
  }

  /** Notes what is to be committed soon. */
  note(records: number): void {
    if (records === 0) return;
    if (!this.#hasWork) this.#since.work = this.#ticker.now();
    this.#hasWork = true;
    this.#add(records);
  }

  /** Notes a record that came to nothing, and can wait. */
  notePassed(): void {
    this.#add(1);
  }

  #add(records: number): void {
    if (this.#records === 0) this.#since.any = this.#ticker.now();
    this.#records += records;
  }

  clear(): void {
    this.#records = 0;
    this.#hasWork = false;
  }

  get isEmpty(): boolean {
    return this.#records === 0;
  }

  /** Whether there is something that others wait for, or that has waited long enough. */
  get isDue(): boolean {
    return this.#hasWork || (!this.isEmpty && this.#ticker.now() - this.#since.any >= PASSED_MS);
  }

  /** Whether the task should not wait for its input to run dry. */
  get isMuch(): boolean {
    if (this.isFull) return true;
    return this.#hasWork && this.#ticker.now() - this.#since.work >= GATHERED_MS;
  }

  /** Whether memory should not hold more of it. */
  get isFull(): boolean {
    return this.#records >= GATHERED_RECORDS;
  }
}

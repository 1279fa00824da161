/** A compacted topic held whole, by key: read to its end before it is used, then followed. */
import type { Instant } from "../core/model/time.ts";
import {
  type Batch,
  type Log,
  LogError,
  type LogRecord,
  type Reader,
  type Ticker,
  Unreadable,
} from "./ports.ts";

export interface Row<T> {
  readonly value: T;
  readonly offset: number;
  /** When it was written, by the broker's clock. */
  readonly written: Instant;
}

export interface TableOptions<T> {
  readonly log: Log;
  /** The name of the topic on the broker. */
  readonly topic: string;
  /** Throws Unreadable; such a record is reported and left out. */
  readonly decode: (record: LogRecord) => T;
  readonly ticker: Ticker;
  readonly report: (problem: string) => void;
  /** Called after rows have changed. */
  readonly changed?: () => void;
}

interface Waiter {
  readonly partition: number;
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: LogError) => void;
}

export class Table<T> {
  readonly #options: TableOptions<T>;
  readonly #rows = new Map<string, Row<T>>();
  readonly #next: number[] = [];
  #waiters: Waiter[] = [];
  #reader: Reader | null = null;
  #following: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** Grows with every change. */
  version = 0;

  private constructor(options: TableOptions<T>) {
    this.#options = options;
  }

  /** Opens a table: resolves when everything written before is in it. */
  static async open<T>(options: TableOptions<T>): Promise<Table<T>> {
    const table = new Table(options);
    await table.#start();
    return table;
  }

  get rows(): ReadonlyMap<string, Row<T>> {
    return this.#rows;
  }

  /** The offset up to which a partition is in the table, not included. */
  next(partition: number): number {
    return this.#next[partition] ?? 0;
  }

  /** Resolves when a record of this partition and offset is in the table; rejects when that is closed before. */
  async reached(partition: number, offset: number): Promise<void> {
    if (this.next(partition) > offset) return;
    if (this.#isClosed) throw this.#closed();
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ partition, offset, resolve, reject });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reader?.wakeUp();
    await this.#following;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#closed());
  }

  #closed(): LogError {
    return new LogError(`the table of ${this.#options.topic} is closed`, { retriable: true });
  }

  async #start(): Promise<void> {
    const { log, topic } = this.#options;
    const count = await log.partitions(topic);
    const ends: Promise<void>[] = [];
    for (let partition = 0; partition < count; partition++) {
      this.#next[partition] = await log.start(topic, partition);
      ends.push(this.reached(partition, (await log.written(topic, partition)) - 1));
    }
    this.#following = this.#follow();
    await Promise.all(ends);
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#read();
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        this.#options.report(`${this.#options.topic}: ${error.message}; reading on`);
        await this.#options.ticker.sleep(500);
      }
    }
  }

  async #read(): Promise<void> {
    const { log, topic } = this.#options;
    const reader = await log.openReader(
      this.#next.map((offset, partition) => ({ topic, partition, offset })),
    );
    this.#reader = reader;
    try {
      while (!this.#isClosed) {
        for (const batch of await reader.poll(1000)) this.#applyAll(batch);
      }
    } finally {
      await reader.close();
    }
  }

  #applyAll(batch: Batch): void {
    const before = this.version;
    for (const record of batch.records) this.#apply(record);
    this.#moveTo(batch.partition, batch.nextOffset);
    if (this.version !== before) this.#options.changed?.();
  }

  #apply(record: LogRecord): void {
    if (record.unreadable !== undefined) this.#options.report(`${this.#options.topic}: ${record.unreadable}`);
    if (record.key === null) return;
    this.version += 1;
    if (record.value === null) {
      this.#rows.delete(record.key);
      return;
    }
    try {
      const value = this.#options.decode(record);
      this.#rows.set(record.key, { value, offset: record.offset, written: record.timestamp });
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#options.report(`${this.#options.topic} offset ${record.offset}: ${error.message}`);
    }
  }

  #moveTo(partition: number, next: number): void {
    this.#next[partition] = Math.max(next, this.next(partition));
    const isReached = (waiter: Waiter): boolean => this.next(waiter.partition) > waiter.offset;
    const reached = this.#waiters.filter(isReached);
    if (reached.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !isReached(waiter));
    for (const waiter of reached) waiter.resolve();
  }
}

/** Follows everything that is written, from the beginning to wherever it ends: what the judge judges by. */
import { setTimeout as pause } from "node:timers/promises";
import { type Batch, type Log, LogError, type LogRecord, type Reader } from "../../../src/runtime/ports.ts";

/** A record where it stands. */
export interface Entry extends LogRecord {
  readonly partition: number;
}

const POLL_MS = 500;
const AGAIN_MS = 300;

/** The records of one topic, as far as they have been read. */
export class Ledger {
  readonly #log: Log;
  readonly #topic: string;
  readonly #take: (entry: Entry) => void;
  readonly #next: number[] = [];
  #reader: Reader | null = null;
  #following: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(log: Log, topic: string, take: (entry: Entry) => void) {
    this.#log = log;
    this.#topic = topic;
    this.#take = take;
  }

  static async follow(log: Log, topic: string, take: (entry: Entry) => void): Promise<Ledger> {
    const ledger = new Ledger(log, topic, take);
    const count = await log.partitions(topic);
    for (let partition = 0; partition < count; partition++) {
      ledger.#next.push(await log.start(topic, partition));
    }
    ledger.#following = ledger.#follow();
    return ledger;
  }

  /** Resolves when everything committed by now has been taken. */
  async caughtUp(): Promise<void> {
    for (const partition of this.#next.keys()) {
      const end = await this.#log.end(this.#topic, partition);
      while ((this.#next[partition] ?? 0) < end) await pause(20);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reader?.wakeUp();
    await this.#following;
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#read();
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        await pause(AGAIN_MS);
      }
    }
  }

  async #read(): Promise<void> {
    const from = this.#next.map((offset, partition) => ({ topic: this.#topic, partition, offset }));
    const reader = await this.#log.openReader(from);
    this.#reader = reader;
    try {
      while (!this.#isClosed) for (const batch of await reader.poll(POLL_MS)) this.#takeAll(batch);
    } finally {
      await reader.close();
    }
  }

  #takeAll({ partition, records, nextOffset }: Batch): void {
    const from = this.#next[partition] ?? 0;
    for (const record of records) if (record.offset >= from) this.#take({ ...record, partition });
    this.#next[partition] = Math.max(from, nextOffset);
  }
}

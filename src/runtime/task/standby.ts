/** Keeps a copy of the state of somebody else's task, by following its changelog, until the task comes here. */
import { type Log, LogError, type Reader, type Ticker } from "../ports.ts";
import type { Copy } from "./copy.ts";

export interface StandbyOptions {
  readonly log: Log;
  readonly ticker: Ticker;
  readonly partition: number;
  readonly build: () => Copy;
  /** Told when next to nothing is missing of the copy any more. */
  readonly warmed: () => void;
  readonly report: (problem: string) => void;
}

const POLL_MS = 500;
const PAUSE_MS = 500;
/** Numbers have just been shared anew: tasks that are taken over meanwhile go first. */
const START_MS = 1_000;

export class Standby {
  readonly #options: StandbyOptions;
  #copy: Copy;
  #reader: Reader | null = null;
  #isStopping = false;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #following: Promise<void>;
  isWarm = false;

  constructor(options: StandbyOptions) {
    this.#options = options;
    this.#copy = options.build();
    this.#following = this.#follow();
  }

  /** Follows no longer; gives what it has, however little. */
  async take(): Promise<Copy> {
    await this.stop();
    return this.#copy;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped.resolve();
    this.#reader?.wakeUp();
    await this.#following;
  }

  /** Never rejects: whatever goes wrong, a copy that is not warm is all that comes of it. */
  async #follow(): Promise<void> {
    const { build, report, partition } = this.#options;
    await this.#rest(START_MS);
    while (!this.#isStopping) {
      try {
        await this.#read();
      } catch (error) {
        // What it has may be torn, or from before records that were deleted meanwhile.
        this.isWarm = false;
        this.#copy = build();
        if (!(error instanceof LogError) || !error.retriable) {
          report(`standby of partition ${partition}: ${String(error)}; no copy is kept`);
          return;
        }
        await this.#rest(PAUSE_MS);
      }
    }
  }

  async #rest(ms: number): Promise<void> {
    await Promise.race([this.#options.ticker.sleep(ms), this.#stopped.promise]);
  }

  async #read(): Promise<void> {
    const { log, partition, warmed, ticker } = this.#options;
    const topic = this.#copy.changelog;
    const end = await log.end(topic, partition);
    let next = await this.#copy.next(log);
    const reader = await log.openReader([{ topic, partition, offset: next }]);
    this.#reader = reader;
    try {
      while (!this.#isStopping) {
        if (next >= end && !this.isWarm) {
          this.isWarm = true;
          warmed();
        }
        for (const batch of await reader.poll(POLL_MS)) {
          this.#copy.follow(batch);
          next = batch.nextOffset;
        }
        await ticker.breathe();
      }
    } finally {
      this.#reader = null;
      // Who takes the copy does not wait for the connections to be closed.
      void reader.close();
    }
  }
}

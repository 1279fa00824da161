/** Keeps one task alive: whatever ends it, it is built anew after a pause, until it is told to stop (design.md, section 2). */
import { Poison } from "./poison.ts";
import { LogError, type Ticker } from "./ports.ts";

export interface Running {
  /** Works until stopped; throws when it must be built anew. */
  run(): Promise<void>;
  stop(): void;
}

export interface KeeperOptions {
  readonly name: string;
  /** Builds the task; what its predecessors died of is to be rejected. */
  readonly build: (poison: readonly Poison[]) => Running;
  readonly ticker: Ticker;
  readonly report: (problem: string) => void;
  /** Told each time the log has refused the task, which is built anew until it works. */
  readonly waits: (reason: LogError) => void;
  /** Asked when a task has run for a while after the log had refused it: rejects where the log does not answer yet. */
  readonly works: () => Promise<void>;
  /** From 0 to 1: those who wait for one log are not to come back in step. */
  readonly random?: (() => number) | undefined;
  /** The log says that building it anew cannot help. */
  readonly failed: (error: Error) => void;
}

/** Who was fenced waits until it has heard from its group whose the task is now. */
const PAUSE_MS = { first: 50, fenced: 2_000, longest: 5_000 };
/** A task that has worked this long starts over with the shortest pause. */
const HEALTHY_MS = 10_000;
/** Whoever is stopped is held up by no sleep for longer. */
const NAP_MS = 500;

export class Keeper {
  readonly #options: KeeperOptions;
  #task: Running | null = null;
  readonly #poison: Poison[] = [];
  #isStopping = false;
  #isWaiting = false;
  readonly #stopped = Promise.withResolvers<void>();
  readonly ended: Promise<void>;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.ended = this.#keep();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped.resolve();
    this.#task?.stop();
    await this.ended;
  }

  async #keep(): Promise<void> {
    const { ticker, report } = this.#options;
    let pause = PAUSE_MS.first;
    while (!this.#isStopping) {
      const started = ticker.now();
      const error = await this.#runOnce();
      if (error === null || this.#isStopping) return;
      if (error instanceof LogError && !error.retriable) {
        this.#options.failed(error);
        return;
      }
      if (ticker.now() - started > HEALTHY_MS) pause = PAUSE_MS.first;
      // Pushed out once is ordinary: its partition has gone to somebody else.
      const isOrdinary = error instanceof LogError && error.isFenced && pause === PAUSE_MS.first;
      if (error instanceof Poison) this.#poison.push(error);
      if (!(error instanceof LogError)) report(`${this.#options.name}: ${error.message}; starting over`);
      else if (!isOrdinary) this.#waits(error);
      pause = Math.min(pause * 2, PAUSE_MS.longest);
      await this.#rest(this.#pauseAfter(error, pause));
    }
  }

  #pauseAfter(error: Error, pause: number): number {
    if (error instanceof LogError && error.isFenced) return Math.max(pause, PAUSE_MS.fenced);
    const random = this.#options.random ?? Math.random;
    return Math.round(pause * (0.5 + random() / 2));
  }

  async #rest(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !this.#isStopping; left -= NAP_MS) {
      await Promise.race([this.#options.ticker.sleep(Math.min(left, NAP_MS)), this.#stopped.promise]);
    }
  }

  #waits(reason: LogError): void {
    this.#isWaiting = true;
    this.#options.waits(reason);
  }

  async #runOnce(): Promise<Error | null> {
    try {
      const task = this.#options.build(this.#poison);
      this.#task = task;
      if (this.#isWaiting) void this.#watch(task);
      await task.run();
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#task = null;
    }
  }

  /** Until the task has run for long enough, and not only waited for an answer. */
  async #watch(task: Running): Promise<void> {
    for (let left = HEALTHY_MS; this.#isWaiting; left -= NAP_MS) {
      await Promise.race([this.#options.ticker.sleep(NAP_MS), this.#stopped.promise]);
      if (this.#isStopping || this.#task !== task) return;
      if (left > 0) continue;
      await this.#options.works().then(
        () => {
          this.#isWaiting = false;
        },
        () => {
          left = HEALTHY_MS;
        },
      );
    }
  }
}

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
  /** The log says that building it anew cannot help. */
  readonly failed: (error: Error) => void;
}

/** Who was fenced waits until it has heard from its group whose the task is now. */
const PAUSE_MS = { first: 50, fenced: 2_000, longest: 5_000 };
/** A task that has worked this long starts over with the shortest pause. */
const HEALTHY_MS = 10_000;

export class Keeper {
  readonly #options: KeeperOptions;
  #task: Running | null = null;
  readonly #poison: Poison[] = [];
  #isStopping = false;
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
    const { ticker } = this.#options;
    let pause = PAUSE_MS.first;
    while (!this.#isStopping) {
      const started = ticker.now();
      const error = await this.#runOnce();
      if (error === null || this.#isStopping) return;
      if (error instanceof LogError && !error.retriable) {
        this.#options.failed(error);
        return;
      }
      if (error instanceof Poison) this.#poison.push(error);
      this.#options.report(`${this.#options.name}: ${error.message}; starting over`);
      pause = ticker.now() - started > HEALTHY_MS ? PAUSE_MS.first : Math.min(pause * 2, PAUSE_MS.longest);
      const isFenced = error instanceof LogError && error.isFenced;
      const wait = isFenced ? Math.max(pause, PAUSE_MS.fenced) : pause;
      await Promise.race([ticker.sleep(wait), this.#stopped.promise]);
    }
  }

  async #runOnce(): Promise<Error | null> {
    try {
      this.#task = this.#options.build(this.#poison);
      await this.#task.run();
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

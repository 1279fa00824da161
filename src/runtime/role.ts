/** Runs a role of the topology: joins its group, and keeps one task alive for each partition number that is its own. */
import { Keeper, type Running } from "./keeper.ts";
import type { Poison } from "./poison.ts";
import type { Log, Member, Membership, Ticker } from "./ports.ts";

export interface RoleOptions {
  /** The name of the consumer group. */
  readonly group: string;
  /** The names on the broker of the topics whose partition numbers the members share. */
  readonly topics: readonly string[];
  readonly log: Log;
  readonly ticker: Ticker;
  readonly buildTask: (partition: number, poison: readonly Poison[]) => Running;
  readonly report: (problem: string) => void;
}

/** A role at work in this process. */
export class RoleRunner implements Member {
  readonly #options: RoleOptions;
  readonly #keepers = new Map<number, Keeper>();
  #membership: Membership | null = null;
  #isStopping = false;
  #fail: (error: Error) => void = () => {};
  /** Rejects when the role cannot go on. */
  readonly failure: Promise<never>;

  private constructor(options: RoleOptions) {
    this.#options = options;
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever started the role decides what to do about it; until then it is no unhandled rejection.
    this.failure.catch(() => {});
  }

  static async start(options: RoleOptions): Promise<RoleRunner> {
    const runner = new RoleRunner(options);
    runner.#membership = await options.log.join(options.group, options.topics, runner);
    return runner;
  }

  async assigned(partitions: readonly number[]): Promise<void> {
    if (this.#isStopping) return;
    const lost = [...this.#keepers].filter(([partition]) => !partitions.includes(partition));
    for (const [partition] of lost) this.#keepers.delete(partition);
    for (const partition of partitions) {
      if (!this.#keepers.has(partition)) this.#keepers.set(partition, this.#keep(partition));
    }
    await Promise.all(lost.map(([, keeper]) => keeper.stop()));
  }

  failed(error: Error): void {
    this.#fail(error);
  }

  /** Finishes what was taken, commits, and leaves the group. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const keepers = [...this.#keepers.values()];
    this.#keepers.clear();
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await this.#membership?.leave();
  }

  #keep(partition: number): Keeper {
    const { group, ticker, report, buildTask } = this.#options;
    return new Keeper({
      name: `${group}.${partition}`,
      build: (poison) => buildTask(partition, poison),
      ticker,
      report,
      failed: (error) => {
        this.#fail(error);
      },
    });
  }
}

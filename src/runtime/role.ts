/** Runs a role of the topology: joins its group, and keeps one task alive for each partition number that is its own. */
import { Keeper, type Running } from "./keeper.ts";
import type { Poison } from "./poison.ts";
import type { Log, LogError, Member, Membership, Ticker } from "./ports.ts";

export interface RoleOptions {
  /** The name of the consumer group. */
  readonly group: string;
  /** The names on the broker of the topics whose partition numbers the members share. */
  readonly topics: readonly string[];
  readonly log: Pick<Log, "join" | "end">;
  readonly ticker: Ticker;
  readonly buildTask: (partition: number, poison: readonly Poison[]) => Running;
  readonly report: (problem: string) => void;
}

/** So long the tasks that the log refuses are counted before they are spoken of, all at once. */
const GATHER_MS = 3_000;

/** Which tasks wait for the log; says so for all of them at once, and once more when all work again. */
class Waiting {
  readonly #options: Pick<RoleOptions, "group" | "ticker" | "report">;
  readonly #tasks = new Set<number>();
  #isGathering = false;
  #isSaid = false;
  #reason = "";

  constructor(options: Pick<RoleOptions, "group" | "ticker" | "report">) {
    this.#options = options;
  }

  add(partition: number, { message }: LogError): void {
    this.#tasks.add(partition);
    this.#reason = message;
    if (!this.#isSaid && !this.#isGathering) void this.#gather();
  }

  /** It works again, or is no longer ours. */
  remove(partition: number): void {
    const wasOne = this.#tasks.delete(partition);
    if (!wasOne || this.#tasks.size > 0 || !this.#isSaid) return;
    this.#isSaid = false;
    this.#options.report(`${this.#options.group}: all tasks work again`);
  }

  stop(): void {
    this.#tasks.clear();
  }

  async #gather(): Promise<void> {
    this.#isGathering = true;
    await this.#options.ticker.sleep(GATHER_MS);
    this.#isGathering = false;
    const count = this.#tasks.size;
    if (count === 0) return;
    this.#isSaid = true;
    const tasks = count === 1 ? "1 task waits" : `${count} tasks wait`;
    this.#options.report(`${this.#options.group}: ${tasks} for the log: ${this.#reason}`);
  }
}

/** A role at work in this process. */
export class RoleRunner implements Member {
  readonly #options: RoleOptions;
  readonly #keepers = new Map<number, Keeper>();
  readonly #waiting: Waiting;
  #membership: Membership | null = null;
  #isStopping = false;
  #fail: (error: Error) => void = () => {};
  /** Rejects when the role cannot go on. */
  readonly failure: Promise<never>;

  private constructor(options: RoleOptions) {
    this.#options = options;
    this.#waiting = new Waiting(options);
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
    for (const [partition] of lost) {
      this.#keepers.delete(partition);
      this.#waiting.remove(partition);
    }
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
    this.#waiting.stop();
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await this.#membership?.leave();
  }

  #keep(partition: number): Keeper {
    const { group, topics, log, ticker, report, buildTask } = this.#options;
    const keeper: Keeper = new Keeper({
      name: `${group}.${partition}`,
      build: (poison) => buildTask(partition, poison),
      ticker,
      report,
      waits: (reason) => {
        if (this.#keepers.get(partition) === keeper) this.#waiting.add(partition, reason);
      },
      works: async () => {
        for (const topic of topics) await log.end(topic, partition);
        if (this.#keepers.get(partition) === keeper) this.#waiting.remove(partition);
      },
      failed: (error) => {
        this.#fail(error);
      },
    });
    return keeper;
  }
}

/** Runs a role of the topology: joins its group, and keeps one task alive for each partition number that is its own. */
import { Keeper, type Running } from "./keeper.ts";
import type { Poison } from "./poison.ts";
import type { HeldCopy, Log, LogError, Member, Membership, Standbys, Ticker } from "./ports.ts";

/** Follows somebody else's task, until that comes here. */
export interface Following<Copy> {
  readonly isWarm: boolean;
  /** Follows no longer; gives what it has. */
  take(): Promise<Copy>;
  stop(): Promise<void>;
}

export interface RoleOptions<Copy = never> {
  /** The name of the consumer group. */
  readonly group: string;
  /** The names on the broker of the topics whose partition numbers the members share. */
  readonly topics: readonly string[];
  readonly log: Pick<Log, "join" | "end">;
  readonly ticker: Ticker;
  /** The copy is what was followed of the task so far; null where there is none. */
  readonly buildTask: (partition: number, poison: readonly Poison[], copy: Copy | null) => Running;
  /** Null where nobody follows the tasks of others. */
  readonly standbys?:
    | (Standbys & { readonly follow: (partition: number, warmed: () => void) => Following<Copy> })
    | null;
  readonly report: (problem: string) => void;
  /** From 0 to 1, for pauses. */
  readonly random?: (() => number) | undefined;
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
export class RoleRunner<Copy = never> implements Member {
  readonly #options: RoleOptions<Copy>;
  readonly #keepers = new Map<number, Keeper>();
  readonly #followed = new Map<number, Following<Copy>>();
  /** The followed partitions, when all copies were warm and that was said. */
  #warm = "";
  readonly #waiting: Waiting;
  #membership: Membership | null = null;
  #isStopping = false;
  #fail: (error: Error) => void = () => {};
  /** Rejects when the role cannot go on. */
  readonly failure: Promise<never>;

  private constructor(options: RoleOptions<Copy>) {
    this.#options = options;
    this.#waiting = new Waiting(options);
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever started the role decides what to do about it; until then it is no unhandled rejection.
    this.failure.catch(() => {});
  }

  static async start<Copy = never>(options: RoleOptions<Copy>): Promise<RoleRunner<Copy>> {
    const runner = new RoleRunner(options);
    const { group, topics, log, standbys = null } = options;
    runner.#membership = await log.join(group, topics, runner, standbys);
    return runner;
  }

  copies(): readonly HeldCopy[] {
    return Array.from(this.#followed, ([partition, { isWarm }]) => ({ partition, isWarm }));
  }

  async assigned(partitions: readonly number[], copies: readonly number[] = []): Promise<void> {
    if (this.#isStopping) return;
    const lost = [...this.#keepers].filter(([partition]) => !partitions.includes(partition));
    for (const [partition] of lost) {
      this.#keepers.delete(partition);
      this.#waiting.remove(partition);
    }
    const gained = partitions.filter((partition) => !this.#keepers.has(partition));
    const left = [...this.#followed].filter(
      ([partition]) => !copies.includes(partition) && !gained.includes(partition),
    );
    await Promise.all([
      ...lost.map(([, keeper]) => keeper.stop()),
      ...left.map(([partition]) => this.#letGo(partition)),
      ...gained.map((partition) => this.#takeOver(partition)),
    ]);
    for (const partition of copies) this.#follow(partition);
    this.#tellWarm();
  }

  /** Says when all that is followed is at hand, once for the same partitions. */
  #tellWarm(): void {
    const copies = this.copies();
    const isWarm = copies.length > 0 && copies.every((copy) => copy.isWarm);
    const which = isWarm
      ? copies
          .map(({ partition }) => partition)
          .toSorted((a, b) => a - b)
          .join(", ")
      : "";
    if (which !== "" && which !== this.#warm)
      this.#options.report(`${this.#options.group}: has warm copies of all it follows: ${which}`);
    this.#warm = which;
  }

  async #takeOver(partition: number): Promise<void> {
    const copy = (await this.#followed.get(partition)?.take()) ?? null;
    this.#followed.delete(partition);
    if (!this.#isStopping) this.#keepers.set(partition, this.#keep(partition, copy));
  }

  async #letGo(partition: number): Promise<void> {
    const followed = this.#followed.get(partition);
    this.#followed.delete(partition);
    await followed?.stop();
  }

  #follow(partition: number): void {
    const { standbys } = this.#options;
    if (this.#isStopping || !standbys || this.#followed.has(partition)) return;
    const warmed = (): void => {
      this.#tellWarm();
      // A number may have waited for that, to come here from a member that lives.
      this.#membership?.refresh();
    };
    this.#followed.set(partition, standbys.follow(partition, warmed));
  }

  failed(error: Error): void {
    this.#fail(error);
  }

  /** Finishes what was taken, commits, and leaves the group. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const running = [...this.#keepers.values(), ...this.#followed.values()];
    this.#keepers.clear();
    this.#followed.clear();
    this.#waiting.stop();
    await Promise.all(running.map((one) => one.stop()));
    await this.#membership?.leave();
  }

  #keep(partition: number, copy: Copy | null): Keeper {
    let taken = copy;
    const { group, topics, log, ticker, report, buildTask, random } = this.#options;
    const keeper: Keeper = new Keeper({
      name: `${group}.${partition}`,
      build: (poison) => {
        // Built anew, it starts from nothing: of its predecessor's memory nothing is trusted.
        const from = taken;
        taken = null;
        return buildTask(partition, poison, from);
      },
      ticker,
      report,
      random,
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

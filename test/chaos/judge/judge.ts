/** Follows what is written while things go wrong; at the end tells whether everything has come once and is right. */
import { setTimeout as pause } from "node:timers/promises";
import type { ProcessGround } from "../../../src/cli/ground.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { Rejection } from "../../../src/core/model/rejection.ts";
import type { DueRun, RunEvent } from "../../../src/core/model/run-command.ts";
import { type Instant, instant, later } from "../../../src/core/model/time.ts";
import { type LogRecord, Unreadable } from "../../../src/runtime/ports.ts";
import { readTo } from "../../../src/runtime/read-to.ts";
import { DELAY_MAX_MS } from "../load/automations.ts";
import { type Expected, expectedOf, idOf, textOf } from "./expected.ts";
import { type Entry, Ledger } from "./ledger.ts";
import { type Found, type Verdict, verdictOf } from "./verdict.ts";

/** What did not come about in time. */
export class StoodStill extends Error {
  override readonly name = "StoodStill";
}

const LOOK_AGAIN_MS = 250;
/** Longer than a session, a transaction, every pause before another try, and the longest delay of a run. */
const STANDS_STILL_MS = 90_000 + DELAY_MAX_MS;
/** After the last expected one: time for what is not expected. */
const CALM_MS = 3_000;

export class Judge {
  readonly #ground: ProcessGround;
  readonly #ledgers: Ledger[] = [];
  /** The input, by partition. */
  readonly #events: LogRecord[][] = [];
  readonly #firings: { firing: Firing; text: string }[] = [];
  readonly #dueRuns: { run: DueRun; written: Instant }[] = [];
  readonly #runEvents: RunEvent[] = [];
  readonly #rejected: Rejection[] = [];
  /** How far each task of the evaluator has come, as it says itself. */
  readonly #streamTimes: Instant[] = [];

  private constructor(ground: ProcessGround) {
    this.#ground = ground;
  }

  static async follow(ground: ProcessGround): Promise<Judge> {
    const judge = new Judge(ground);
    await judge.#follow();
    return judge;
  }

  async #follow(): Promise<void> {
    const { wire } = this.#ground;
    const partitions = wire.topic("events").partitions;
    for (let partition = 0; partition < partitions; partition++) {
      this.#events.push([]);
      this.#streamTimes.push(instant(0));
    }
    await this.#take("events", (entry) => this.#events[entry.partition]?.push(entry));
    await this.#take("firings", (entry) => {
      this.#firings.push({ firing: wire.decode<Firing>("firings", entry), text: textOf(entry) });
    });
    await this.#take("due-runs", (entry) => {
      this.#dueRuns.push({ run: wire.decode<DueRun>("due-runs", entry), written: entry.timestamp });
    });
    await this.#take("run-events", (entry) => {
      this.#runEvents.push(wire.decode<RunEvent>("run-events", entry));
    });
    await this.#take("rejected", (entry) => {
      this.#rejected.push(wire.decode<Rejection>("rejected", entry));
    });
    await this.#take("evaluator-changelog", (entry) => this.#takeChange(entry));
  }

  async #take(topic: string, take: (entry: Entry) => void): Promise<void> {
    const { log, wire } = this.#ground;
    this.#ledgers.push(await Ledger.follow(log, wire.nameOf(topic), take));
  }

  #takeChange(entry: Entry): void {
    if (entry.key?.startsWith("positions|") !== true || entry.value === null) return;
    const state = this.#ground.wire.decodeChange(entry).entry?.state;
    if (typeof state !== "object" || state === null || !("streamTime" in state)) return;
    const told = instant(Number(state.streamTime));
    this.#streamTimes[entry.partition] = later(this.#streamTimes[entry.partition] ?? told, told);
  }

  get progress(): { readonly events: number; readonly firings: number; readonly dueRuns: number } {
    const events = this.#events.reduce((sum, records) => sum + records.length, 0);
    return { events, firings: this.#firings.length, dueRuns: this.#dueRuns.length };
  }

  /** The task that is furthest behind, and where it is. */
  get laggard(): { readonly partition: number; readonly at: Instant } {
    const at = instant(Math.min(...this.#streamTimes));
    return { partition: this.#streamTimes.indexOf(at), at };
  }

  /**
   * Resolves with the verdict on everything up to `until`; throws StoodStill where somebody does not get there.
   * `acknowledged`: where the sender was told that its records stand.
   */
  async verdict(until: Instant, acknowledged: ReadonlySet<string>): Promise<Verdict> {
    const behind = (): number => Math.max(0, until - this.laggard.at + 1);
    if (!(await comesToNothing(behind))) {
      throw new StoodStill(`task ${this.laggard.partition} of the evaluator does not go on`);
    }
    await this.#caughtUp();
    const expected = this.#expected(until);
    // Where that does not come about, the verdict says what is missing.
    await comesToNothing(() => this.#missing(expected));
    await pause(CALM_MS);
    await this.#caughtUp();
    const { automations } = this.#ground.definitions.current();
    const names = new Map(automations.automations.map(({ id, name }) => [id, name]));
    const found = { ...this.#found(), acknowledged, pending: await this.#pending() };
    return verdictOf(this.#expected(until), found, { until, nameOf: (id) => names.get(id) ?? id });
  }

  async #caughtUp(): Promise<void> {
    for (const ledger of this.#ledgers) await ledger.caughtUp();
  }

  /** Read when all is over: whoever follows a compacted topic and was away may miss that something was withdrawn. */
  async #pending(): Promise<readonly string[]> {
    const { log, wire } = this.#ground;
    const topic = wire.nameOf("run-commands");
    const pending = new Set<string>();
    const take = ({ key, value }: LogRecord): void => {
      if (value === null) pending.delete(key ?? "");
      else pending.add(key ?? "");
    };
    for (const partition of this.#events.keys()) {
      const [offset, end] = [await log.start(topic, partition), await log.end(topic, partition)];
      await readTo(log, { from: { topic, partition, offset }, end, take });
    }
    return [...pending];
  }

  #expected(until: Instant): Expected {
    const { topology, wire, definitions } = this.#ground;
    return expectedOf(this.#events, { topology, wire, tables: definitions.current(), until });
  }

  /** How much of what is expected is not there yet. */
  #missing({ firings, commands, rejected }: Expected): number {
    const fired = new Set(this.#firings.map(({ firing }) => firing.id));
    const run = new Set(this.#dueRuns.map((one) => one.run.runId));
    return (
      [...firings.keys()].filter((id) => !fired.has(id)).length +
      [...commands.keys()].filter((id) => !run.has(id)).length +
      Math.max(0, rejected.size - this.#rejected.length)
    );
  }

  #found(): Omit<Found, "pending" | "acknowledged"> {
    return {
      events: new Set(this.#events.flatMap((records, p) => records.map(({ offset }) => `${p}/${offset}`))),
      firings: this.#firings,
      dueRuns: this.#dueRuns,
      runEvents: this.#runEvents,
      rejected: this.#rejected,
      told: this.#events.flat().flatMap((record) => (isTold(record, this.#ground) ? [idOf(record)] : [])),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#ledgers.map((ledger) => ledger.close()));
  }
}

/** False where it gets no less for so long that something must be wrong, however busy the machine is. */
async function comesToNothing(left: () => number): Promise<boolean> {
  let last = { at: performance.now(), left: left() };
  while (last.left > 0) {
    await pause(LOOK_AGAIN_MS);
    const now = left();
    if (now !== last.left) last = { at: performance.now(), left: now };
    else if (performance.now() - last.at > STANDS_STILL_MS) return false;
  }
  return true;
}

/** Whether it is an event that Tripline has sent itself. */
function isTold(record: LogRecord, { wire }: ProcessGround): boolean {
  try {
    const { event } = wire.decodeEvent({ topic: "events", partition: 0 }, record, instant(0));
    return event.startsWith("prefect.automation.");
  } catch (error) {
    if (error instanceof Unreadable) return false;
    throw error;
  }
}

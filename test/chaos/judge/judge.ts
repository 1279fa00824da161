/** Follows what is written while things go wrong; at the end tells whether everything has come once and is right. */
import { setTimeout as pause } from "node:timers/promises";
import type { ProcessGround } from "../../../src/cli/ground.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { Rejection } from "../../../src/core/model/rejection.ts";
import type { DueRun, RunEvent } from "../../../src/core/model/run-command.ts";
import { type Instant, instant, later } from "../../../src/core/model/time.ts";
import { type LogRecord, Unreadable } from "../../../src/runtime/ports.ts";
import { type Expected, expectedOf, idOf, textOf } from "./expected.ts";
import { type Entry, Ledger } from "./ledger.ts";
import { type Found, type Verdict, verdictOf } from "./verdict.ts";

/** What did not come about in time. */
export class StoodStill extends Error {
  override readonly name = "StoodStill";
}

const LOOK_AGAIN_MS = 250;
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
  readonly #pending = new Set<string>();
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
    await this.#take("run-commands", ({ key, value }) => {
      if (value === null) this.#pending.delete(key ?? "");
      else this.#pending.add(key ?? "");
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

  /** Resolves with the verdict on everything up to `until`; throws StoodStill where somebody does not get there. */
  async verdict(until: Instant, withinMs: number): Promise<Verdict> {
    const end = performance.now() + withinMs;
    await this.#wait(
      () => this.laggard.at > until,
      end,
      () => `task ${this.laggard.partition} does not go on`,
    );
    for (const ledger of this.#ledgers) await ledger.caughtUp();
    const expected = this.#expected(until);
    await this.#wait(
      () => this.#hasAll(expected),
      end,
      () => "",
    ).catch((error: unknown) => {
      // The verdict says what is missing.
      if (!(error instanceof StoodStill)) throw error;
    });
    await pause(CALM_MS);
    for (const ledger of this.#ledgers) await ledger.caughtUp();
    const { automations } = this.#ground.definitions.current();
    const names = new Map(automations.automations.map(({ id, name }) => [id, name]));
    return verdictOf(this.#expected(until), this.#found(), { until, nameOf: (id) => names.get(id) ?? id });
  }

  #expected(until: Instant): Expected {
    const { topology, wire, definitions } = this.#ground;
    return expectedOf(this.#events, { topology, wire, tables: definitions.current(), until });
  }

  #hasAll({ firings, commands, rejected }: Expected): boolean {
    const fired = new Set(this.#firings.map(({ firing }) => firing.id));
    const run = new Set(this.#dueRuns.map((one) => one.run.runId));
    return (
      [...firings.keys()].every((id) => fired.has(id)) &&
      [...commands.keys()].every((id) => run.has(id) && !this.#pending.has(id)) &&
      this.#rejected.length >= rejected.size
    );
  }

  #found(): Found {
    return {
      firings: this.#firings,
      dueRuns: this.#dueRuns,
      runEvents: this.#runEvents,
      rejected: this.#rejected,
      pending: [...this.#pending],
      told: this.#events.flat().flatMap((record) => (isTold(record, this.#ground) ? [idOf(record)] : [])),
    };
  }

  async #wait(holds: () => boolean, end: number, otherwise: () => string): Promise<void> {
    while (!holds()) {
      if (performance.now() > end) throw new StoodStill(otherwise());
      await pause(LOOK_AGAIN_MS);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#ledgers.map((ledger) => ledger.close()));
  }
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

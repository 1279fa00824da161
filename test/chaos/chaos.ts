/** One run of chaos: processes and a broker under load, to which the plan happens; and the verdict on what came of it. */
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DefinitionWriter } from "../../src/cli/definitions.ts";
import { openGround, type ProcessGround } from "../../src/cli/ground.ts";
import { readSettings } from "../../src/cli/settings.ts";
import { formatInstant, fromMillis, type Instant, instant, millis, plus } from "../../src/core/model/time.ts";
import { LogError } from "../../src/runtime/ports.ts";
import { type JarBroker, prepareBroker } from "../support/cluster.ts";
import type { Environment } from "../support/process.ts";
import { Dice } from "./dice.ts";
import { Judge, StoodStill } from "./judge/judge.ts";
import type { Verdict } from "./judge/verdict.ts";
import { automations } from "./load/automations.ts";
import { Load, persistently } from "./load/load.ts";
import { type Planned, type Profile, planOf, type Role, telling } from "./plan.ts";
import { cleanEagerly } from "./world/cleaning.ts";
import { Hand, type Post, shifted } from "./world/crew.ts";
import { Faults, type World } from "./world/faults.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly profile: Profile;
  readonly perSecond: number;
  readonly partitions: number;
  /** Somebody else's brokers, which are left in peace; a broker of our own where there are none. */
  readonly brokers: string | null;
  /** Told what is done, as it is done. */
  readonly say: (line: string) => void;
  /** Called, with everything still running, where something is wrong. */
  readonly look?: () => Promise<void>;
}

export interface Outcome {
  readonly verdict: Verdict;
  /** Where the output of the processes is kept, where something is wrong. */
  readonly kept: string | null;
}

const EVALUATORS = 3;
const SCHEDULERS = 2;
/** Longer than any window of absence. */
const SILENCE_MS = 12_000;
/** So many faults in a row may hit what has not got up yet. */
const BURSTS: Readonly<Record<Profile, number>> = { all: 4, outage: 2, broker: 1 };
/** Longer than anything takes that has to run out, on a busy machine too. */
const STANDS_STILL_MS = 150_000;
/** The wall clock of one evaluator is off by so much (P-14). */
const CLOCK_SHIFT_MS = 3_600_000;
const SHIFTED = 1;

export async function chaos(options: ChaosOptions): Promise<Outcome> {
  const begun = performance.now();
  const say = (line: string): void =>
    options.say(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const broker = options.brokers === null ? await prepareBroker() : null;
  try {
    await broker?.start();
    const brokers = options.brokers ?? broker?.brokers.join(",") ?? "";
    const environment = {
      KAFKA_BROKERS: brokers,
      TRIPLINE_PREFIX: `chaos-${randomUUID().slice(0, 8)}`,
      TRIPLINE_PARTITIONS: String(options.partitions),
    };
    const ground = await openGround(settingsOf(environment), (problem) => say(`harness: ${problem}`));
    try {
      return await new Run({ ...options, say }, { ground, broker, environment }).run();
    } finally {
      await ground.close();
    }
  } finally {
    await broker?.remove();
  }
}

function settingsOf(environment: Environment) {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.map(({ message }) => message).join("; "));
  return read.value;
}

interface Stage {
  readonly ground: ProcessGround;
  readonly broker: JarBroker | null;
  readonly environment: Environment;
}

class Run {
  readonly #options: ChaosOptions;
  readonly #stage: Stage;
  readonly #world: World;
  readonly #faults: Faults;
  readonly #plan: readonly Planned[];

  constructor(options: ChaosOptions, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
    this.#world = {
      crew: {
        evaluator: this.#hands("evaluator", EVALUATORS),
        scheduler: this.#hands("scheduler", SCHEDULERS),
      },
      spare: (role) => this.#post(role, "one more"),
      broker: stage.broker,
    };
    this.#faults = new Faults(this.#world);
    const counts = { evaluators: EVALUATORS, schedulers: SCHEDULERS };
    this.#plan = planOf({ ...options, ...counts, hasBroker: stage.broker !== null });
  }

  get #hired(): readonly Hand[] {
    const { evaluator, scheduler } = this.#world.crew;
    return [...evaluator, ...scheduler, ...this.#faults.joined];
  }

  async run(): Promise<Outcome> {
    const { ground } = this.#stage;
    const { say } = this.#options;
    const killAll = (): void => {
      for (const { pid } of this.#hired) if (pid !== null) process.kill(pid, "SIGKILL");
    };
    process.once("exit", killAll);
    // What watches without a start does so from the definition on, wherever it is first read: nobody is there yet.
    await define(ground);
    await cleanEagerly(this.#stage.environment);
    const judge = await Judge.follow(ground);
    try {
      for (const hand of this.#hired) hand.start();
      await this.#ready();
      say(`${EVALUATORS} evaluators, ${SCHEDULERS} schedulers, ${this.#plan.length} faults planned`);
      return await this.#suffer(judge);
    } finally {
      await judge.close();
      await Promise.all(this.#hired.map((hand) => hand.retire()));
      process.off("exit", killAll);
    }
  }

  async #suffer(judge: Judge): Promise<Outcome> {
    const { ground } = this.#stage;
    const { seed, forMs, perSecond, say } = this.#options;
    const load = new Load({
      log: ground.log,
      topic: ground.wire.nameOf("events"),
      dice: new Dice(seed + 1),
      perSecond,
    });
    let isOver = false;
    const loaded = load.run(forMs, () => isOver);
    try {
      await this.#follow(judge).finally(() => (isOver = true));
      await Promise.all([loaded, this.#faults.over()]);
      const { events, firings, dueRuns } = judge.progress;
      say(`load over: ${load.sent} records taken, ${load.refused} batches sent again`);
      say(`so far ${events} records, ${firings} firings, ${dueRuns} runs; everybody is back`);
      const deaths = this.#hired.filter((hand) => hand.deaths > 0);
      const told = deaths.map((hand) => `${hand.post.name} ${hand.deaths} times`);
      say(`ended by themselves, and were started again: ${told.join(", ") || "none"}`);
      const until = plus(await this.#closing(), millis(SILENCE_MS));
      const verdict = await judge.verdict(until, load.acknowledged);
      if (verdict.differences.length === 0) return { verdict, kept: null };
      say(`${verdict.differences.length} differences, the first: ${verdict.differences[0] ?? ""}`);
      await this.#options.look?.();
      return { verdict, kept: await this.#keep() };
    } catch (error) {
      if (!(error instanceof StoodStill)) throw error;
      const { partition, at } = judge.laggard;
      const where = `task ${partition} is furthest behind, at ${formatInstant(at)}`;
      say(`${error.message}; ${where}`);
      await this.#options.look?.();
      const verdict = { differences: [`${error.message}; ${where}`], counts: {}, firingsOf: {} };
      return { verdict, kept: await this.#keep() };
    } finally {
      load.stop();
    }
  }

  /**
   * Strikes as planned; each fault by itself, so that they overlap. After some it waits until every task is at work
   * again, which may take long on a busy machine: nothing breaks what does not move.
   */
  async #follow(judge: Judge): Promise<void> {
    const { say } = this.#options;
    const burst = BURSTS[this.#options.profile];
    let begun = performance.now();
    for (const [i, { atMs, fault }] of this.#plan.entries()) {
      await pause(Math.max(0, begun + atMs - performance.now()));
      const waitsSince = performance.now();
      if (i % burst === burst - 1) await this.#goesOn(judge);
      begun += performance.now() - waitsSince;
      say(`${telling(fault)}   (${judge.progress.firings} firings so far)`);
      void this.#faults.do(fault).then((isDone) => {
        if (!isDone) say(`not done, something else was under way: ${telling(fault)}`);
      });
    }
  }

  /** Resolves when every task has come past now; throws where one does not although nobody is held up. */
  async #goesOn(judge: Judge): Promise<void> {
    const now = this.#stage.ground.log.now() ?? instant(0);
    let free = performance.now();
    while (judge.laggard.at <= now) {
      if (!this.#faults.isOver) free = performance.now();
      if (performance.now() - free > STANDS_STILL_MS) throw new StoodStill("a task does not go on");
      await pause(100);
    }
  }

  /** A last record in every partition, after which nothing of interest comes; its time on the broker. */
  async #closing(): Promise<Instant> {
    const { ground } = this.#stage;
    const body = { event: "load.over", resource: { "prefect.resource.id": "chaos" } };
    const records = Array.from({ length: this.#options.partitions }, (_, partition) => ({
      topic: ground.wire.nameOf("events"),
      partition,
      key: "chaos",
      value: new TextEncoder().encode(JSON.stringify(body)),
      headers: {},
    }));
    const appended = await persistently(ground.log, records);
    return instant(Math.max(...appended.map(({ timestamp }) => timestamp)));
  }

  async #ready(): Promise<void> {
    while (!this.#hired.every(({ isReady }) => isReady)) await pause(100);
  }

  #hands(role: Role, count: number): readonly Hand[] {
    return Array.from({ length: count }, (_, which) => {
      const post = this.#post(role, String(which + 1));
      return new Hand(role === "evaluator" && which === SHIFTED ? shifted(post, CLOCK_SHIFT_MS) : post);
    });
  }

  #post(role: Role, which: string): Post {
    const { environment } = this.#stage;
    return { name: `${role} ${which}`, args: ["run", role], environment, nodeArgs: [] };
  }

  /** What everybody has said, in a folder. */
  async #keep(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), `tripline-chaos-${this.#options.seed}-`));
    await mkdir(folder, { recursive: true });
    for (const [i, { post, said }] of this.#hired.entries()) {
      await writeFile(join(folder, `${i}-${post.name.replaceAll(" ", "-")}.log`), said);
    }
    return folder;
  }
}

async function define(ground: ProcessGround): Promise<void> {
  const { log, wire, definitions } = ground;
  const writer = new DefinitionWriter({ log, wire, definitions });
  const now = log.now() ?? fromMillis(Date.now());
  const all = automations(now, randomUUID);
  const changes = all.map((automation) => ({ kind: "automation" as const, automation }));
  // A broker that has just begun takes a while until it has a coordinator for transactions.
  for (let isDefined = false; !isDefined; ) {
    isDefined = await writer
      .define(() => ({ changes, answer: true }))
      .catch((error: unknown) => {
        if (error instanceof LogError) return false;
        throw error;
      });
  }
  await writer.close();
}

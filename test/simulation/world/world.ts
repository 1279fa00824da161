/**
 * A world that a seed decides: processes with the real roles on a broker in memory, which die, sleep, are shut out and
 * come back; the clock goes on when chance says so. It ends when what was due had time to come about.
 */
import type { Automation } from "../../../src/core/model/automation.ts";
import { resourceId } from "../../../src/core/model/event.ts";
import { type Instant, instant, seconds, toMillis } from "../../../src/core/model/time.ts";
import { storeAutomation } from "../../../src/define/define.ts";
import { partitionOf } from "../../../src/runtime/partitioner.ts";
import type { NewRecord } from "../../../src/runtime/ports.ts";
import type { Wire } from "../../../src/runtime/runtime.ts";
import { MemoryBroker } from "../../support/memory-log.ts";
import type { Step } from "../timeline.ts";
import { Chance } from "./chance.ts";
import { topologyFor, wireFor } from "./ground.ts";
import { Groups } from "./groups.ts";
import type { Fault } from "./log.ts";
import { bodyOf, leftToChance, type Plan } from "./plan.ts";
import { type Process, type RoleName, startProcess } from "./processes.ts";
import { type Actor, Turns } from "./turns.ts";

/** When nothing is heard of a process for so long, others take over; when nothing of a transaction, it is aborted. */
const SESSION_MS = 6_000;
const TRANSACTION_MS = 10_000;
/** At the end time goes on in such steps until all is done, at most so many. */
const LAST_STEP_MS = 700;
const LAST_STEPS = { atPeace: 8, most: 120 };
/** So long nothing comes after automations have changed. */
const CALM_MS = 2_500;
/** Misfortunes do not come singly: after one the next is this much more likely, for so many turns. */
const STREAK = { turns: 80, times: 20 };
/** How long it stalls at most, until so many turns of others or so much time has passed. */
const STALLS = { turns: 400, ms: 30_000 };
const OVERSLEEPS = { turns: 1_500, ms: 90_000 };
const WORST = ["kill", "pause", "stall", "stall", "oust"] as const;
const MISFORTUNES = [...WORST, "leave", "shuffle", "compact"] as const;
type Misfortune = (typeof MISFORTUNES)[number];
/** Whom it hits worst: who is about to write. */
const AT_WORST = /^(write|commit) /;
/** Whoever takes more turns than this goes round in circles. */
const TURNS_MAX = 60_000;

export interface Watched {
  readonly broker: MemoryBroker;
  readonly turns: number;
  /** Records that are no events: with their partitions and offsets. */
  readonly junk: readonly string[];
  /** What ended a process by itself, though nobody had asked it to. */
  readonly failures: readonly string[];
  /** Automations that changed while somebody was not there to hear of it: what they do is for chance to say. */
  readonly uncertain: ReadonlySet<string>;
}

export interface Telling {
  /** Whether all that is expected has come about: the world goes on for a little while. */
  readonly isDone: (broker: MemoryBroker, uncertain: ReadonlySet<string>) => boolean;
  readonly trace?: (line: string) => void;
}

export class World {
  readonly #plan: Plan;
  readonly #telling: Telling;
  readonly #broker = new MemoryBroker();
  readonly #chance: Chance;
  readonly #turns: Turns;
  readonly #groups: Groups;
  readonly #outside: Actor = { name: "world", state: "running" };
  readonly #processes: Process[] = [];
  readonly #wire: Wire;
  /** Up to when each process has heard of automations. */
  readonly #informed = new Map<Actor, Instant>();
  /** Those who will be slow to hear what changed next. */
  readonly #slow = new Set<Actor>();
  readonly #uncertain = new Set<string>();
  readonly #junk: string[] = [];
  readonly #failures: string[] = [];
  /** Up to when the tasks of the partitions of `events` have heard that there was nothing more. */
  readonly #reached = new Map<number, Instant>();
  /** Steps since a writer was opened last: when all is done, nobody has a reason to. */
  #peace = 0;
  readonly #openSince = new Map<string, number>();
  #steps: readonly Step[];
  #faults: number;
  /** The turn at which something befell a process last. */
  #lastStruck = Number.NEGATIVE_INFINITY;
  #started = 0;
  #producers = 0;
  #current: readonly Automation[];

  constructor(plan: Plan, telling: Telling) {
    this.#plan = plan;
    this.#telling = telling;
    this.#faults = plan.faults;
    this.#chance = new Chance(plan.seed ^ 0x5eed);
    this.#turns = new Turns(this.#broker.clock, (line) => this.#trace(line));
    this.#groups = new Groups({ turns: this.#turns, chance: this.#chance, world: this.#outside });
    this.#steps = plan.timeline.steps;
    this.#current = plan.timeline.automations;
    this.#wire = wireFor(plan.partitions);
    for (const id of leftToChance(plan)) this.#uncertain.add(id);
  }

  async run(): Promise<Watched> {
    const { start, end } = this.#plan.timeline;
    this.#broker.clock.advance(toMillis(start) - this.#broker.clock.nowMs);
    this.#broker.keepsMarkers = true;
    this.#broker.create(
      Object.values(topologyFor(this.#plan.partitions).topics).map(({ name, keep, partitions }) => ({
        name: this.#wire.nameOf(name),
        keep,
        partitions,
      })),
    );
    this.#define(this.#current);
    for (let i = 0; i < this.#plan.evaluators; i++) this.#start("evaluator");
    for (let i = 0; i < this.#plan.schedulers; i++) this.#start("scheduler");
    // Whoever first reads of an automation after it was renamed knows it from then on only.
    if (this.#steps.some(({ kind }) => kind === "redefine")) await this.#drain();
    while (this.#steps.length > 0 || this.#broker.clock.nowMs < toMillis(end)) await this.#goOn();
    await this.#finish();
    const { count } = this.#turns;
    return {
      broker: this.#broker,
      turns: count,
      junk: this.#junk,
      failures: this.#failures,
      uncertain: this.#uncertain,
    };
  }

  async #goOn(): Promise<void> {
    this.#lookAfterProcesses();
    const [next] = this.#steps;
    if (next?.kind === "redefine" && this.#plan.isCalm) return this.#redefine(next.at, next.automations);
    const ready = this.#turns.ready();
    if (this.#isUnlucky(0.003)) this.#strike(this.#chance.of(this.#processes));
    else if (this.#broker.markers > 0 && this.#chance.isTrue(this.#plan.markerPace)) this.#writeMarker();
    else if (ready.length === 0 || this.#chance.isTrue(0.02)) this.#passTime();
    else await this.#let(ready);
  }

  async #let(ready: ReturnType<Turns["ready"]>): Promise<void> {
    if (this.#turns.count > TURNS_MAX) throw new Error("it goes round in circles");
    const turn = this.#chance.of(ready);
    // What a dead process had sent, and one that leaves, is left alone.
    const process = this.#processes.find(
      (one) => one === turn.actor && one.state === "running" && !one.hasLeft,
    );
    if (process !== undefined && AT_WORST.test(turn.what) && this.#isUnlucky(this.#plan.worst))
      this.#strike(process, WORST);
    else await this.#turns.let(turn);
  }

  /** What may go wrong is spread over the timeline, or the beginning would see all of it. */
  get #mayFail(): boolean {
    const all = this.#plan.timeline.steps.length + 1;
    const left = this.#steps.length / all;
    return this.#faults > this.#plan.faults * left;
  }

  #isUnlucky(probability: number): boolean {
    const isStreak = this.#turns.count - this.#lastStruck < STREAK.turns;
    return this.#mayFail && this.#chance.isTrue(probability * (isStreak ? STREAK.times : 1));
  }

  /**
   * Automations change when all that came before was taken, and nothing comes until everybody knows: only then it can be
   * told what they do. Whoever sleeps meanwhile may yet take over with an old table in its hands.
   */
  async #redefine(at: Instant, automations: readonly Automation[]): Promise<void> {
    if (this.#mayFail && this.#chance.isTrue(0.5)) {
      const sleeper = this.#chance.of(this.#processes);
      this.#slow.add(sleeper);
      this.#stall(sleeper, OVERSLEEPS);
    }
    const faults = this.#faults;
    this.#faults = 0;
    const last = instant(this.#broker.clock.nowMs * 1000);
    await this.#calm(toMillis(at) - 1);
    const isTaken = this.#haveHeard(last);
    await this.#calm(toMillis(at));
    const changed = this.#define(automations);
    this.#steps = this.#steps.slice(1);
    await this.#calm(toMillis(at) + CALM_MS);
    if (!isTaken || !this.#haveHeard(at)) for (const id of changed) this.#uncertain.add(id);
    this.#faults = faults;
  }

  async #calm(untilMs: number): Promise<void> {
    const { clock } = this.#broker;
    while (clock.nowMs < untilMs) {
      clock.advance(Math.min(LAST_STEP_MS, untilMs - clock.nowMs));
      this.#timeOut();
      await this.#drain();
    }
  }

  /** Whether every partition is worked by somebody who has heard of all that came up to then. */
  #haveHeard(at: Instant): boolean {
    const reached = [...this.#reached.values()];
    const awake = this.#processes.filter(({ state, hasLeft }) => state === "running" && !hasLeft);
    return (
      reached.length === this.#plan.partitions &&
      reached.every((heard) => heard > at) &&
      awake.every((process) => (this.#informed.get(process) ?? 0) > at)
    );
  }

  /** Time goes on, to when somebody wants to be called, or further; never past what is to happen next. */
  #passTime(): void {
    const { clock } = this.#broker;
    const next = this.#steps[0]?.at ?? this.#plan.timeline.end;
    const left = Math.max(0, toMillis(next) - clock.nowMs);
    const due = Math.max(1, (this.#turns.nextDueMs() ?? clock.nowMs + 100) - clock.nowMs);
    const leap = this.#chance.isTrue(0.4) ? due : Math.ceil(left * this.#chance.next());
    const passed = this.#chance.isTrue(0.2) ? left : Math.min(left, Math.max(due, leap));
    clock.advance(passed);
    this.#trace(`+ ${passed} ms`);
    this.#timeOut();
    if (passed === left) this.#happen(next);
  }

  /** What is of one instant comes in one breath: whoever is asked in between has told the time. */
  #happen(at: Instant): void {
    const now = this.#steps.filter((step) => step.at === at);
    this.#steps = this.#steps.slice(now.length);
    for (const step of now) {
      if (step.kind === "event") this.#send(bodyOf(step.event), resourceId(step.event));
      // Who reads of it when decides what it does.
      if (step.kind === "redefine") for (const id of this.#define(step.automations)) this.#uncertain.add(id);
    }
    if (now.length > 0 && this.#chance.isTrue(0.05)) this.#send("{ no event", "nobody");
  }

  #send(text: string, key: string): void {
    const { partitions, astray } = this.#plan;
    const partition = (partitionOf(key, partitions) + astray) % partitions;
    const topic = this.#wire.nameOf("events");
    const value = new TextEncoder().encode(text);
    const record = { topic, partition, key, value, headers: {} };
    this.#trace(`event ${partition}: ${text}`);
    // A producer's own transaction may stay open for a while, or come to nothing.
    if (this.#chance.isTrue(0.05)) this.#giveUp(`producer ${++this.#producers}`, record);
    if (this.#chance.isTrue(0.1)) return void this.#sendSlowly(`producer ${++this.#producers}`, record);
    const [appended] = this.#broker.append([record]);
    if (key === "nobody") this.#junk.push(`${partition}:${appended?.offset ?? -1}`);
  }

  async #sendSlowly(writer: string, record: NewRecord): Promise<void> {
    const epoch = this.#broker.openWriter(writer);
    const held = this.#broker.holdNextCommit(writer);
    const offset = this.#broker.partition(record.topic, record.partition ?? 0).next;
    const done = this.#broker.transact(writer, epoch, [record]);
    if (record.key === "nobody") this.#junk.push(`${record.partition ?? 0}:${offset}`);
    await this.#turns.take(this.#outside, `commit of ${writer}`);
    held.end("commit");
    await done;
  }

  /** What was never committed is never seen. */
  #giveUp(writer: string, record: NewRecord): void {
    const epoch = this.#broker.openWriter(writer);
    this.#broker.failNextCommit(writer, "abort");
    this.#broker
      .transact(writer, epoch, [{ ...record, value: new TextEncoder().encode("{ never") }])
      .catch(() => {});
  }

  /** The ids of those that it changed. */
  #define(automations: readonly Automation[]): readonly string[] {
    const isFirst = automations === this.#plan.timeline.automations;
    const changed = automations.filter((one) => isFirst || !this.#current.includes(one));
    this.#current = automations;
    this.#broker.append(
      changed.map((one) => {
        const value = storeAutomation(one);
        return this.#wire.encode({ topic: "automations", partition: 0, key: one.id, value, gathers: false });
      }),
    );
    return changed.map(({ id }) => id);
  }

  #start(role: RoleName): void {
    this.#started += 1;
    const process = startProcess(`${role}-${this.#started}`, role, {
      broker: this.#broker,
      turns: this.#turns,
      chance: this.#chance,
      groups: this.#groups,
      topology: topologyFor(this.#plan.partitions),
      wire: this.#wire,
      skewSeconds: this.#plan.skewSeconds,
      fault: (kinds) => this.#fault(kinds),
      delay: (actor, topic) => this.#delay(actor, topic === this.#wire.nameOf("automations")),
      opened: () => {
        this.#peace = 0;
      },
      reached: (actor, { topic, partition }, askedAt) => {
        if (topic === this.#wire.nameOf("events")) this.#reached.set(partition, askedAt);
        if (topic === this.#wire.nameOf("automations")) this.#informed.set(actor, askedAt);
      },
      report: (problem) => this.#trace(`report: ${problem}`),
    });
    this.#processes.push(process);
  }

  #delay(actor: Actor, isOfAutomations: boolean): number {
    if (isOfAutomations && this.#slow.delete(actor)) return 3_000 + this.#chance.below(15_000);
    return this.#mayFail && this.#chance.isTrue(0.02) ? this.#chance.below(8_000) : 0;
  }

  #fault(kinds: readonly Fault[]): Fault | null {
    if (!this.#mayFail || !this.#chance.isTrue(0.01)) return null;
    this.#faults -= 1;
    return this.#chance.of(kinds);
  }

  /** A process that has ended is started again, as its supervisor does; one that says why, only where that may help. */
  #lookAfterProcesses(): void {
    for (const process of this.#processes) {
      if (process.failure === null || process.state === "dead") continue;
      this.#trace(`${process.name} ended: ${process.failure.message}`);
      if (!/away|no answer/.test(process.failure.message)) this.#failures.push(process.failure.message);
      this.#kill(process, 0);
    }
  }

  #strike(process: Process, misfortunes: readonly Misfortune[] = MISFORTUNES): void {
    if (process.state !== "running" || process.hasLeft) return;
    this.#faults -= 1;
    this.#lastStruck = this.#turns.count;
    switch (this.#chance.of(misfortunes)) {
      case "kill":
        return this.#kill(process, this.#chance.below(15_000));
      case "pause":
        return this.#pause(process, this.#chance.below(20_000));
      case "stall":
        return this.#stall(process);
      case "oust":
        this.#trace(`${process.name} is taken for dead`);
        return this.#groups.evict(process);
      case "leave":
        this.#trace(`${process.name} is asked to leave`);
        process.stop();
        return this.#start(process.role);
      case "shuffle":
        return this.#groups.shuffle();
      case "compact":
        return this.#compact();
    }
  }

  #kill(process: Process, forMs: number): void {
    this.#trace(`${process.name} dies`);
    process.state = "dead";
    this.#turns.bury(process, () => this.#chance.isTrue(0.5));
    void this.#turns.sleep(this.#outside, SESSION_MS).then(() => this.#groups.evict(process));
    void this.#turns.sleep(this.#outside, forMs).then(() => this.#start(process.role));
  }

  #pause(process: Process, forMs: number): void {
    this.#trace(`${process.name} sleeps for ${forMs} ms`);
    process.state = "paused";
    const wake = (): void => {
      if (process.state === "paused") process.state = "running";
    };
    void this.#turns.sleep(this.#outside, forMs).then(wake);
    void this.#turns.sleep(this.#outside, SESSION_MS).then(() => {
      if (process.state === "paused") this.#groups.evict(process);
    });
  }

  /** It hears nothing, and goes on with what it was about to do when others have long taken over. */
  #stall(process: Process, most = STALLS): void {
    if (process.state !== "running" || process.hasLeft) return;
    const until = this.#turns.count + this.#chance.below(most.turns);
    this.#trace(`${process.name} stalls until turn ${until}, taken for dead`);
    process.state = "paused";
    this.#groups.evict(process);
    const wish = {
      isReady: () => this.#turns.count >= until,
      dueMs: this.#broker.clock.nowMs + most.ms,
    };
    void this.#turns.take(this.#outside, "wake", wish).then(() => {
      if (process.state === "paused") process.state = "running";
    });
  }

  #compact(): void {
    const topic = this.#chance.of(["evaluator-changelog", "run-commands", "automations"]);
    this.#trace(`compacts ${topic}`);
    this.#broker.compact(this.#wire.nameOf(topic));
  }

  #writeMarker(): void {
    this.#broker.writeMarker(this.#chance.below(this.#broker.markers));
  }

  /** A transaction that nobody ends is aborted, and its writer shut out. */
  #timeOut(): void {
    const { nowMs } = this.#broker.clock;
    const open = this.#broker.openTransactions();
    for (const name of this.#openSince.keys()) if (!open.includes(name)) this.#openSince.delete(name);
    for (const name of open) {
      const since = this.#openSince.get(name) ?? nowMs;
      this.#openSince.set(name, since);
      if (nowMs - since >= TRANSACTION_MS && !name.startsWith("producer")) this.#broker.openWriter(name);
    }
  }

  /** Nothing goes wrong any more, and everybody is there. */
  async #finish(): Promise<void> {
    this.#faults = 0;
    for (let i = 0; i < LAST_STEPS.most; i++) {
      const isAtPeace = this.#peace > LAST_STEPS.atPeace && this.#hasReachedEnd();
      if (isAtPeace && this.#telling.isDone(this.#broker, this.#uncertain)) return;
      this.#peace += 1;
      this.#broker.clock.advance(LAST_STEP_MS);
      this.#timeOut();
      await this.#drain();
    }
    if (this.#peace <= LAST_STEPS.atPeace) this.#failures.push("tasks are still fought over");
  }

  #hasReachedEnd(): boolean {
    const { partitions, timeline, skewSeconds } = this.#plan;
    const isPast = (at: Instant): boolean => at > timeline.end + seconds(skewSeconds);
    return this.#reached.size === partitions && [...this.#reached.values()].every(isPast);
  }

  async #drain(): Promise<void> {
    for (;;) {
      this.#lookAfterProcesses();
      while (this.#broker.markers > 0) this.#writeMarker();
      const ready = this.#turns.ready();
      if (ready.length === 0) return;
      await this.#let(ready);
    }
  }

  #trace(line: string): void {
    this.#telling.trace?.(line);
  }
}

/** Runs a timeline on evaluator tasks with a broker in memory; processes may be killed, and commits held or lost, on the way. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Event } from "../../src/core/model/event.ts";
import { resourceId } from "../../src/core/model/event.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import type { RunCommand } from "../../src/core/model/run-command.ts";
import { formatInstant, type Instant, toMillis } from "../../src/core/model/time.ts";
import type { Task } from "../../src/runtime/task/task.ts";
import { Evaluators } from "../support/evaluators.ts";
import type { Step, Timeline } from "./timeline.ts";

/** What befalls the task of one partition after a step. */
export interface Mishap {
  /** After which step, by number; goes round where there are fewer. */
  readonly after: number;
  readonly partition: number;
  /**
   * `kill`: its process dies, and another takes over. `away`: that takes two steps. `abort`: its next commit fails.
   * `lose-answer`: its next commit succeeds, but it is not told. `hold`: a successor starts while its commit is open.
   */
  readonly kind: "kill" | "away" | "abort" | "lose-answer" | "hold";
}

export interface Found {
  readonly firings: readonly Firing[];
  readonly commands: readonly RunCommand[];
}

interface Setting {
  readonly partitions: number;
  readonly mishaps?: readonly Mishap[];
}

/** Turns of the event loop between two steps, and in which everything comes to rest; and the time that passes in one of these. */
const BETWEEN_TURNS = 6;
const REST_TURNS = 120;
const REST_TURN_MS = 40;

export async function onTasks(timeline: Timeline, setting: Setting): Promise<Found> {
  const run = new Run(timeline, setting);
  return run.run();
}

class Run {
  readonly #timeline: Timeline;
  readonly #setting: Setting;
  readonly #tasks: Evaluators;
  /** The task that a partition is worked by; none while it is away. */
  readonly #current = new Map<number, Task>();
  readonly #away = new Map<number, number>();
  #isOver = false;

  constructor(timeline: Timeline, setting: Setting) {
    this.#timeline = timeline;
    this.#setting = setting;
    this.#tasks = new Evaluators(setting.partitions, timeline.automations);
  }

  async run(): Promise<Found> {
    const { start, end, steps } = this.#timeline;
    await this.#pass(start);
    for (let partition = 0; partition < this.#setting.partitions; partition++) this.#start(partition);
    for (const [i, step] of steps.entries()) {
      // What is of one instant is sent in one breath: whoever is asked in between has told the time.
      if (step.at !== steps[i - 1]?.at)
        await (step.kind === "redefine" ? this.#settle(step.at) : this.#pass(step.at));
      if (step.kind === "event") this.#send(step.event);
      else await this.#turn(step);
      if (step.at !== steps[i + 1]?.at) await this.#befall(i);
    }
    await this.#pass(end);
    for (const partition of this.#away.keys()) this.#start(partition);
    await this.#rest();
    this.#isOver = true;
    const firings = this.#tasks.firings().filter(({ triggered }) => triggered <= end);
    const commands = this.#tasks.values<RunCommand>("run-commands");
    await this.#tasks.stopAll();
    return { firings, commands: commands.filter(({ triggered }) => triggered <= end) };
  }

  async #turn(step: Exclude<Step, { kind: "event" }>): Promise<void> {
    switch (step.kind) {
      case "redefine":
        this.#tasks.redefine(step.automations);
        return;
      case "down":
        for (const partition of this.#current.keys()) {
          this.#away.set(partition, Number.POSITIVE_INFINITY);
          await this.#kill(partition);
        }
        return;
      case "up":
        for (const partition of this.#away.keys()) this.#start(partition);
    }
  }

  /** Whoever works a partition and ends is replaced; a zombie is not. */
  #start(partition: number): void {
    this.#away.delete(partition);
    const task = this.#tasks.start(partition);
    this.#current.set(partition, task);
    void this.#tasks.endOf(task).then(() => {
      if (!this.#isOver && this.#current.get(partition) === task) this.#start(partition);
    });
  }

  #send(event: Event): void {
    const { received: _, causes: __, occurred, ...rest } = event;
    const body = { ...rest, occurred: formatInstant(occurred) };
    this.#tasks.sendRaw(JSON.stringify(body), resourceId(event));
  }

  /** Time passes in some turns; at `to` itself nobody has asked for records yet. */
  async #pass(to: Instant): Promise<void> {
    const { clock } = this.#tasks.broker;
    const turn = Math.floor((toMillis(to) - clock.nowMs) / (BETWEEN_TURNS + 1));
    for (let i = 0; i < BETWEEN_TURNS && turn > 0; i++) {
      clock.advance(turn);
      await nextTurn();
    }
    clock.advance(toMillis(to) - clock.nowMs);
  }

  /** Lets what was sent before be taken everywhere, as far as there is time, and then it is `to`. */
  async #settle(to: Instant): Promise<void> {
    const { clock } = this.#tasks.broker;
    const last = toMillis(to) - 1;
    const from = last - REST_TURNS * REST_TURN_MS;
    if (from > clock.nowMs) clock.advance(from - clock.nowMs);
    while (clock.nowMs < last) {
      clock.advance(Math.min(REST_TURN_MS, last - clock.nowMs));
      await nextTurn();
    }
    for (let i = 0; i < BETWEEN_TURNS; i++) await nextTurn();
    clock.advance(1);
  }

  async #rest(): Promise<void> {
    for (let i = 0; i < REST_TURNS; i++) {
      this.#tasks.broker.clock.advance(REST_TURN_MS);
      await nextTurn();
    }
  }

  async #befall(step: number): Promise<void> {
    for (const [partition, back] of this.#away) if (back <= step) this.#start(partition);
    for (const mishap of this.#setting.mishaps ?? []) {
      const isNow = mishap.after % this.#timeline.steps.length === step;
      if (isNow && mishap.partition < this.#setting.partitions) await this.#strike(mishap, step);
    }
  }

  async #strike({ kind, partition }: Mishap, step: number): Promise<void> {
    const { broker } = this.#tasks;
    const writer = `t.evaluator.${partition}`;
    switch (kind) {
      case "kill":
        return this.#kill(partition);
      case "away":
        this.#away.set(partition, step + 2);
        return this.#kill(partition);
      case "abort":
      case "lose-answer":
        broker.failNextCommit(writer, kind);
        return;
      case "hold": {
        const held = broker.holdNextCommit(writer);
        void held.begun.then(() => {
          if (!this.#isOver && !this.#away.has(partition)) this.#start(partition);
          // The successor's opening aborts it; where there is no successor it is as if nothing had been.
          setImmediate(() => {
            held.end("commit");
          });
        });
      }
    }
  }

  /** Nobody takes over before the dead one is known to be dead, as a group sees to it. */
  async #kill(partition: number): Promise<void> {
    const task = this.#current.get(partition);
    if (task === undefined) return;
    this.#current.delete(partition);
    await this.#tasks.kill(task);
    if (!this.#away.has(partition)) this.#start(partition);
  }
}

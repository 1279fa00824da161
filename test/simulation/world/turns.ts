/**
 * Turns: whoever awaits anything of the world waits here for its turn, and one is let on at a time. What is let on
 * runs until it awaits again, so that the order of turns is the whole of what chance decides.
 */
import type { ManualClock } from "../../support/manual-clock.ts";

/** Who takes turns: a process, or the world around them. */
export interface Actor {
  readonly name: string;
  /** A process that is paused gets no turns; one that is dead never again. */
  state: "running" | "paused" | "dead";
}

interface Wish {
  /** When it may go on at the earliest: what is slow on its way. */
  readonly notBeforeMs?: number;
  /** When it may go on although nothing has come about; null for whenever it is ready. */
  readonly dueMs?: number;
  /** Whether what it waits for has come about; without it, there is nothing to wait for, or only time. */
  readonly isReady?: () => boolean;
  /** What is on its way to the broker arrives although its sender is dead by then. */
  readonly isSent?: boolean;
}

interface Turn extends Wish {
  readonly actor: Actor;
  readonly what: string;
  readonly resolve: () => void;
}

export class Turns {
  readonly #clock: ManualClock;
  #waiting: Turn[] = [];
  /** Told every turn, for whoever wants to see what happened. */
  readonly #trace: (line: string) => void;
  count = 0;

  constructor(clock: ManualClock, trace: (line: string) => void) {
    this.#clock = clock;
    this.#trace = trace;
  }

  /** Resolves when it is this one's turn. */
  take(actor: Actor, what: string, wish: Wish = {}): Promise<void> {
    if (actor.state === "dead") return new Promise(() => {});
    return new Promise((resolve) => this.#waiting.push({ ...wish, actor, what, resolve }));
  }

  sleep(actor: Actor, ms: number): Promise<void> {
    return this.take(actor, `sleep ${ms}`, { dueMs: this.#clock.nowMs + ms });
  }

  /** Nothing is heard of a dead process any more, but for what it had sent and is lucky to arrive. */
  bury(actor: Actor, arrives: () => boolean): void {
    this.#waiting = this.#waiting.filter(
      (turn) => turn.actor !== actor || (turn.isSent === true && arrives()),
    );
  }

  /** Those who could go on now. */
  ready(): readonly Turn[] {
    return this.#waiting.filter((turn) => this.#isReady(turn));
  }

  /** When the next one could go on, by time alone. */
  nextDueMs(): number | null {
    let next: number | null = null;
    for (const { dueMs, notBeforeMs, actor } of this.#waiting) {
      const at = Math.max(dueMs ?? 0, notBeforeMs ?? 0);
      if (at > this.#clock.nowMs && actor.state !== "paused" && (next === null || at < next)) next = at;
    }
    return next;
  }

  /** Lets one go on, until it and all who hear of it await their turns again. */
  async let(turn: Turn): Promise<void> {
    this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    this.count += 1;
    this.#trace(`${turn.actor.name}: ${turn.what}`);
    turn.resolve();
    await settled();
  }

  #isReady({ actor, dueMs, notBeforeMs, isReady, isSent }: Turn): boolean {
    if (actor.state === "paused" || (actor.state === "dead" && isSent !== true)) return false;
    if (notBeforeMs !== undefined && this.#clock.nowMs < notBeforeMs) return false;
    if (dueMs !== undefined && this.#clock.nowMs >= dueMs) return true;
    return isReady === undefined ? dueMs === undefined : isReady();
  }
}

/** Everything that hangs on resolved promises alone is done before the loop comes round. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

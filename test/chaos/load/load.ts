/** Sends events at a steady rate, as a producer does that goes on until the broker has taken them. */
import { setTimeout as pause } from "node:timers/promises";
import { type Appended, type Log, LogError, type NewRecord } from "../../../src/runtime/ports.ts";
import type { Dice } from "../dice.ts";
import { Events, type Sending } from "./events.ts";

interface LoadOptions {
  readonly log: Log;
  readonly topic: string;
  readonly dice: Dice;
  readonly perSecond: number;
}

const BEAT_MS = 100;
const AGAIN_MS = 200;

export class Load {
  readonly #options: LoadOptions;
  readonly #events: Events;
  #isStopped = false;
  sent = 0;
  /** Where the broker has said that they stand: `<partition>/<offset>`. */
  readonly acknowledged = new Set<string>();
  /** How often the broker would not take a batch, which may then stand in the log twice. */
  refused = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#events = new Events(options.dice);
  }

  /** At once, whatever is still to be taken. */
  stop(): void {
    this.#isStopped = true;
  }

  /** For so long at least, by what is sent and not by the clock, and until it is over; what is refused is sent again. */
  async run(forMs: number, isOver: () => boolean): Promise<void> {
    const begun = performance.now();
    const count = Math.max(1, Math.round((this.#options.perSecond * BEAT_MS) / 1000));
    for (let sentMs = 0; !this.#isStopped && (sentMs < forMs || !isOver()); sentMs += BEAT_MS) {
      const left = begun + sentMs - performance.now();
      if (left > 0) await pause(left);
      await this.#send(this.#events.at(sentMs, count));
    }
  }

  async #send(sendings: readonly Sending[]): Promise<void> {
    const { topic } = this.#options;
    // Each a batch of its own, now and then: what comes in one batch comes in one millisecond.
    const parts = this.#options.dice.oneIn(3) ? sendings.map((one) => [one]) : [sendings];
    for (const part of parts) {
      const records = part.map(({ key, value }) => record(topic, key, value));
      const taken = await persistently(this.#options.log, records, () => {
        this.refused += 1;
        return !this.#isStopped;
      });
      for (const { partition, offset } of taken) this.acknowledged.add(`${partition}/${offset}`);
      this.sent += part.length;
    }
  }
}

const record = (topic: string, key: string, value: Uint8Array | null): NewRecord => ({
  topic,
  partition: null,
  key,
  value,
  headers: {},
});

/** Until the log has taken them, or whoever is told that it has not wants no more. */
export async function persistently(
  log: Log,
  records: readonly NewRecord[],
  goesOn: () => boolean = () => true,
): Promise<readonly Appended[]> {
  for (;;) {
    try {
      return await log.append(records);
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      if (!goesOn()) return [];
      await pause(AGAIN_MS);
    }
  }
}

/**
 * Broker time, told from the broker's own stamps: now and then records are appended to a topic whose records carry
 * the broker's time. When an answer arrives the broker's clock shows at least that time, so the offset taken then is a lower
 * bound, by which broker time never runs ahead. The highest of the last few is the closest.
 *
 * One clock for a cluster: of the broker that leads the topic. Brokers whose clocks differ are allowed for in `clockSkew`
 * (design.md, section 3).
 */
import { fromMillis, type Instant, toMillis } from "../../core/model/time.ts";
import type { Appender } from "./appender.ts";

const LOOK_EVERY_MS = 30_000;
/** Several at once, of which the quickest answer counts. */
const APPENDS = 3;
/** Few, so that a broker's clock that was set back is believed after two minutes. */
const KEPT = 4;
/** Answers missed in a row; that one is, is nothing to act on. */
const MISSED_BEFORE_SAID = 4;

export class BrokerClock {
  readonly #appender: Appender;
  readonly #topic: string;
  readonly #warn: (text: string) => void;
  /** Broker time less local monotonic time, in milliseconds; the latest last. */
  #offsets: readonly number[] = [];
  #isStopped = false;
  #timer: NodeJS.Timeout | null = null;
  #last = Number.NEGATIVE_INFINITY;

  constructor(appender: Appender, topic: string, warn: (text: string) => void) {
    this.#appender = appender;
    this.#topic = topic;
    this.#warn = warn;
  }

  /** Takes a first look, and others from then on. */
  async start(): Promise<void> {
    await this.#look();
    let missed = 0;
    this.#timer = setInterval(() => {
      this.#look().then(
        () => {
          missed = 0;
        },
        (fault: unknown) => {
          missed += 1;
          if (missed !== MISSED_BEFORE_SAID || this.#isStopped) return;
          const reason = fault instanceof Error ? fault.message : String(fault);
          this.#warn(
            `the broker's clock has not been told for a while, its last answer counts on: ${reason}`,
          );
        },
      );
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  now(): Instant | null {
    if (this.#offsets.length === 0) return null;
    // Where a lower bound takes the place of a higher one, time stands still for a moment rather than go back.
    this.#last = Math.max(this.#last, Math.max(...this.#offsets) + performance.now());
    return fromMillis(this.#last);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const record = { topic: this.#topic, partition: 0, key: null, value: null, headers: {} };
    let best = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < APPENDS; i++) {
      const [appended] = await this.#appender.append([record]);
      const arrived = performance.now();
      if (appended !== undefined) best = Math.max(best, toMillis(appended.timestamp) - arrived);
    }
    this.#offsets = [...this.#offsets, best].slice(-KEPT);
  }
}

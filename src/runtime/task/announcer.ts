/** Tells the other tasks how far this one has come; how often, and only what is news (design.md, section 3). */
import type { Instant } from "../../core/model/time.ts";
import type { Log, NewRecord, Ticker } from "../ports.ts";
import type { Watermark, Wire } from "../wire.ts";

export interface AnnouncerOptions {
  readonly log: Log;
  readonly wire: Wire;
  readonly ticker: Ticker;
  readonly partition: number;
  readonly partitions: number;
}

/** Between two announcements, at work and at rest. */
const PAUSE_MS = { busy: 200, idle: 500 };

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #told = new Map<string, Instant>();
  #lastMs = 0;
  #isBusy = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** There is work: others may wait for what comes of it. */
  noteWork(): void {
    this.#isBusy = true;
  }

  /** Whether it is time to announce; the only task has nobody to tell. */
  isDue(): boolean {
    const pause = this.#isBusy ? PAUSE_MS.busy : PAUSE_MS.idle;
    return this.#options.partitions > 1 && this.#options.ticker.now() - this.#lastMs >= pause;
  }

  /** Says through each topic how far this task has come: committed, and true for ever, so no harm to say it twice. */
  async announce(times: ReadonlyMap<string, Instant>): Promise<void> {
    this.#lastMs = this.#options.ticker.now();
    this.#isBusy = false;
    const records = Array.from(times, ([topic, at]) => this.#records(topic, at)).flat();
    if (records.length > 0) await this.#options.log.append(records);
  }

  #records(topic: string, at: Instant): readonly NewRecord[] {
    const { partitions, partition, wire } = this.#options;
    if (at <= (this.#told.get(topic) ?? 0)) return [];
    this.#told.set(topic, at);
    const value: Watermark = { kind: "watermark", task: partition, at };
    const others = Array.from({ length: partitions }, (_, to) => to).filter((to) => to !== partition);
    return others.map((to) => wire.encode({ topic, partition: to, key: "", value, gathers: false }));
  }
}

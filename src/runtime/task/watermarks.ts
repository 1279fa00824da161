/** How far all tasks have come: what each has announced, and the least of it (design.md, section 3). */
import { earlier, type Instant, instant, later } from "../../core/model/time.ts";

const UNKNOWN = instant(0);

export class Watermarks {
  readonly #own: number;
  readonly #tasks: number;
  readonly #heard = new Map<string, Instant[]>();

  /** For the task `own` of `tasks`. */
  constructor(own: number, tasks: number) {
    this.#own = own;
    this.#tasks = tasks;
  }

  /** A task has announced, through this topic, how far it has come. */
  hear(via: string, task: number, at: Instant): void {
    const heard = this.#heardThrough(via);
    heard[task] = later(heard[task] ?? UNKNOWN, at);
  }

  /** The least of what all tasks have announced through a topic; `own` for this task, which needs no announcement. */
  least(via: string, own: Instant): Instant {
    return this.#heardThrough(via).reduce(
      (least, at, task) => (task === this.#own ? least : earlier(least, at)),
      own,
    );
  }

  /** How far everything has been taken that leads to each of these topics, in the order of the steps that read them. */
  timesOf(vias: readonly string[], streamTime: Instant): ReadonlyMap<string, Instant> {
    let own = streamTime;
    const times = new Map<string, Instant>();
    for (const via of vias) {
      times.set(via, own);
      own = this.least(via, own);
    }
    return times;
  }

  /** The task that holds the watermark back, for operators; null where nobody does. */
  heldBy(via: string, own: Instant): number | null {
    const heard = this.#heardThrough(via);
    const least = this.least(via, own);
    const task = heard.findIndex((at, other) => other !== this.#own && at === least);
    return task === -1 ? null : task;
  }

  #heardThrough(via: string): Instant[] {
    const heard = this.#heard.get(via);
    if (heard !== undefined) return heard;
    const none = Array.from({ length: this.#tasks }, () => UNKNOWN);
    this.#heard.set(via, none);
    return none;
  }
}

/** Tells people how restores come on: one line a second at most for all tasks of a role, and one when they are done. */
import type { Log, Ticker } from "./ports.ts";
import { type Reading, readTo } from "./read-to.ts";

/** Of one task, in offsets of its changelog. */
export interface Restore {
  /** Has come so far. */
  noted(read: number): void;
  done(): void;
  /** It was not brought to its end. */
  dropped(): void;
}

interface UnderWay {
  read: number;
  readonly total: number;
}

const PAUSE_MS = 1_000;

export class Restores {
  readonly #name: string;
  readonly #ticker: Pick<Ticker, "now">;
  readonly #report: (line: string) => void;
  readonly #underWay = new Map<number, UnderWay>();
  #over = { tasks: 0, read: 0 };
  #saidAt = 0;

  constructor(name: string, ticker: Pick<Ticker, "now">, report: (line: string) => void) {
    this.#name = name;
    this.#ticker = ticker;
    this.#report = report;
  }

  begin(partition: number, total: number): Restore {
    if (this.#underWay.size === 0) this.#saidAt = this.#ticker.now();
    const restore: UnderWay = { read: 0, total };
    this.#underWay.set(partition, restore);
    return {
      noted: (read) => {
        restore.read = Math.min(read, total);
        this.#say();
      },
      done: () => {
        if (this.#underWay.get(partition) === restore) this.#end(partition, restore);
      },
      dropped: () => {
        if (this.#underWay.get(partition) === restore) this.#underWay.delete(partition);
      },
    };
  }

  #say(): void {
    const now = this.#ticker.now();
    if (now - this.#saidAt < PAUSE_MS) return;
    this.#saidAt = now;
    const [read, total] = this.#sums();
    const of = `${read.toLocaleString("en")} of ${total.toLocaleString("en")} offsets read`;
    const [first, ...others] = this.#underWay.keys();
    const which = others.length === 0 ? `partition ${first ?? "?"}` : `${others.length + 1} partitions`;
    this.#report(`${this.#name}: restoring ${which}, ${of}`);
  }

  #sums(): readonly [number, number] {
    const all = [...this.#underWay.values()];
    return [all.reduce((sum, { read }) => sum + read, 0), all.reduce((sum, { total }) => sum + total, 0)];
  }

  #end(partition: number, { total }: UnderWay): void {
    this.#underWay.delete(partition);
    this.#over = { tasks: this.#over.tasks + 1, read: this.#over.read + total };
    if (this.#underWay.size > 0) return;
    const { tasks, read } = this.#over;
    this.#over = { tasks: 0, read: 0 };
    if (read === 0) return;
    const which = tasks === 1 ? `partition ${partition}` : `${tasks} partitions`;
    this.#report(`${this.#name}: ${which} restored, ${read.toLocaleString("en")} offsets read`);
  }
}

/** Reads what is to be restored, and tells how it comes on where somebody wants to know. */
export async function readBack(
  log: Log,
  reading: Omit<Reading, "noted">,
  restores: Restores | null = null,
): Promise<void> {
  const { partition, offset } = reading.from;
  const restore = restores?.begin(partition, Math.max(0, reading.end - offset));
  try {
    await readTo(log, { ...reading, noted: (next) => restore?.noted(next - offset) });
    restore?.done();
  } finally {
    restore?.dropped();
  }
}

/** Stands still until it is told to go on. */
export class ManualClock {
  #nowMs = Date.UTC(2026, 0, 1);
  readonly #alarms = new Set<{ readonly atMs: number; readonly ring: () => void }>();

  get nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const alarm of this.#alarms) if (alarm.atMs <= this.#nowMs) alarm.ring();
  }

  /** Calls when that much time has passed; gives back how to call it off. */
  after(ms: number, ring: () => void): () => void {
    const alarm = { atMs: this.#nowMs + ms, ring };
    this.#alarms.add(alarm);
    if (ms <= 0) ring();
    return () => this.#alarms.delete(alarm);
  }
}

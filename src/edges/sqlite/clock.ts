/** The log's own time: whole milliseconds that never go back, whatever the machine's clock does. */

/** The machine's two clocks, in milliseconds: what time it is, and how much has passed. */
export interface Clock {
  wall(): number;
  steady(): number;
}

export const machineClock: Clock = { wall: () => Date.now(), steady: () => performance.now() };

/**
 * Follows the wall clock when that goes forward (a laptop that wakes up must see the hours it slept), and goes on by
 * the steady clock when the wall clock was set back: time neither repeats nor stands still.
 */
export class LogClock {
  readonly #clock: Clock;
  #base: number;
  #steadyAtBase: number;

  /** Never before `floor`: the latest time that the log has told already. */
  constructor(clock: Clock, floor: number) {
    this.#clock = clock;
    this.#base = Math.max(clock.wall(), floor);
    this.#steadyAtBase = clock.steady();
  }

  now(): number {
    const steady = this.#clock.steady();
    const passed = this.#base + Math.max(0, steady - this.#steadyAtBase);
    const wall = this.#clock.wall();
    if (wall <= passed) return Math.floor(passed);
    this.#base = wall;
    this.#steadyAtBase = steady;
    return Math.floor(wall);
  }
}

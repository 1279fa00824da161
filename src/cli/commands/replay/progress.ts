/** How far a long file has been read, on a terminal: a bar in one line that is drawn over itself. */
import type { Screen } from "../../screen.ts";

/** Shorter files are read before anybody looks. */
const BYTES_MIN = 1_000_000;
const EVERY_MS = 100;
const BAR_CHARS = 30;
const CLEAR = "\r\u001b[K";

export class Progress {
  readonly #screen: Screen | null;
  readonly #size: number;
  readonly #startedAt: number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #events = 0;

  constructor(screen: Screen | null, size: number) {
    this.#screen = size > BYTES_MIN ? screen : null;
    this.#size = size;
    this.#startedAt = this.#screen?.now() ?? 0;
  }

  /** So much more was read. */
  add(read: { readonly bytes: number; readonly events: number }): void {
    this.#bytes += read.bytes;
    this.#events += read.events;
    const screen = this.#screen;
    if (screen === null || screen.now() - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = screen.now();
    screen.write(CLEAR + this.#text(screen).slice(0, Math.max(screen.columns - 1, 0)));
  }

  /** Makes room for other lines; the bar comes back with the next block. */
  clear(): void {
    if (this.#drawnAt === Number.NEGATIVE_INFINITY) return;
    this.#screen?.write(CLEAR);
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #text(screen: Screen): string {
    const share = Math.min(this.#bytes / this.#size, 1);
    const done = Math.round(share * BAR_CHARS);
    const bar = "#".repeat(done) + "-".repeat(BAR_CHARS - done);
    const seconds = Math.max((screen.now() - this.#startedAt) / 1000, 0.001);
    const rate = Math.round(this.#events / seconds).toLocaleString("en");
    const size = `${megabytes(this.#bytes)} of ${megabytes(this.#size)} MB`;
    return `[${bar}] ${Math.floor(share * 100)} %  ${size}  ${rate} events/s`;
  }
}

const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(1);

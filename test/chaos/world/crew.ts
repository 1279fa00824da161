/** The processes of Tripline that are put to the test, and whoever starts them again when they have ended, as in production. */
import { setTimeout as pause } from "node:timers/promises";
import { type Environment, Tripline } from "../../support/process.ts";

/** A process that ends by itself is started again after this, as by systemd or Kubernetes. */
const RESTART_MS = 1_000;
const LEAVES_WITHIN_MS = 20_000;

export interface Post {
  readonly name: string;
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly nodeArgs: readonly string[];
}

/** The same with a wall clock that is off by so much (P-14). */
export function shifted(post: Post, byMs: number): Post {
  const preload = new URL("./shifted-clock.ts", import.meta.url).href;
  return {
    ...post,
    nodeArgs: [...post.nodeArgs, "--import", preload],
    environment: { ...post.environment, CHAOS_CLOCK_SHIFT_MS: String(byMs) },
  };
}

export const isShifted = ({ environment }: Post): boolean => "CHAOS_CLOCK_SHIFT_MS" in environment;

/** One place in the crew, and whichever process holds it. */
export class Hand {
  readonly post: Post;
  #process: Tripline | null = null;
  /** What its processes have said, those that ended too. */
  readonly #said: string[] = [];
  #isBusy = false;
  /** How often it ended by itself. */
  deaths = 0;

  constructor(post: Post) {
    this.post = post;
  }

  get said(): string {
    return [...this.#said, this.#process?.output ?? ""].join("\n--- started again ---\n");
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get isReady(): boolean {
    return this.#process?.isReady ?? false;
  }

  start(): void {
    if (this.#process !== null) return;
    const { args, environment, nodeArgs } = this.post;
    const started = Tripline.launch(args, environment, nodeArgs);
    this.#process = started;
    void started.ended.then(async (code) => {
      if (this.#process !== started) return;
      this.#drop();
      this.deaths += 1;
      this.#said.push(`--- ended by itself with ${String(code)} ---`);
      await pause(RESTART_MS);
      if (!this.#isBusy) this.start();
    });
  }

  /** What befalls it; false, and nothing done, while something else does. */
  async befall(happening: (process: Tripline) => Promise<void>): Promise<boolean> {
    const held = this.#process;
    if (held === null || this.#isBusy) return false;
    this.#isBusy = true;
    try {
      await happening(held);
    } finally {
      this.#isBusy = false;
      this.start();
    }
    return true;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#drop()?.kill();
  }

  /** Ctrl-C; killed where it does not end. */
  async leave(): Promise<void> {
    const left = this.#drop();
    if (left === null) return;
    const isOver = new AbortController();
    const late = pause(LEAVES_WITHIN_MS, "late", { signal: isOver.signal }).catch(() => null);
    const how = await Promise.race([left.stop(), late]);
    isOver.abort();
    if (how !== "late") return;
    this.#said.push(`--- did not end within ${LEAVES_WITHIN_MS} ms ---`);
    await left.kill();
  }

  /** For good. */
  async retire(): Promise<void> {
    this.#isBusy = true;
    await this.leave();
  }

  #drop(): Tripline | null {
    const dropped = this.#process;
    this.#process = null;
    if (dropped !== null) this.#said.push(dropped.output);
    return dropped;
  }
}

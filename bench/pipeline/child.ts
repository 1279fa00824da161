/** A contestant's process: started, heard line by line, its CPU time told by the operating system. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Of /proc/PID/stat, counted from behind the name: time in the program, and in the kernel for it. */
const USER = 11;
const KERNEL = 12;
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;

/** Seconds of CPU a process has used so far, all its threads together; NaN where that is not told. */
export function cpuSeconds(pid: number | null): number {
  if (pid === null) return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER]) + Number(fields[KERNEL])) / TICKS_A_SECOND;
}

/** How much memory a process holds. */
export const residentBytes = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;

export interface Started {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** It is at work when it prints this. */
  readonly ready: string;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  private constructor({ command, args, environment }: Started) {
    this.#process = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#ended = once(this.#process, "exit");
    const { stdout } = this.#process;
    if (stdout === null) throw new Error(`${command} has no output`);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  static async start(started: Started): Promise<Child> {
    const child = new Child(started);
    await child.says(started.ready);
    return child;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Resolves with the next line in which this stands. */
  async says(text: string): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`a contestant has ended instead of saying '${text}'`);
      if (value.includes(text)) return value;
    }
  }

  /** Ends it in its own way: its input ends, and it is asked to stop. */
  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<void> {
    this.#process.stdin?.end();
    this.#process.kill(signal);
    await this.#ended;
  }
}

/** Tripline as people start it: a process of its own, ended as processes end. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "../..");
const READY_MS = 60_000;

export type Environment = Readonly<Record<string, string>>;

/** A running `tripline start` or `tripline run …`. */
export class Tripline {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  output = "";

  private constructor(args: readonly string[], environment: Environment, nodeArgs: readonly string[] = []) {
    const line = ["--disable-warning=ExperimentalWarning", ...nodeArgs, "src/main.ts", ...args];
    this.#child = spawn(process.execPath, line, {
      cwd: ROOT,
      env: { ...withoutTripline(process.env), ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#ended = once(this.#child, "exit").then(([code]) => (typeof code === "number" ? code : null));
    const keep = (text: unknown): void => {
      this.output += String(text);
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
  }

  /** Starts it, and waits for nothing. */
  static launch(args: readonly string[], environment: Environment, nodeArgs: readonly string[]): Tripline {
    return new Tripline(args, environment, nodeArgs);
  }

  /** Resolves when it says that it is ready. */
  static async start(args: readonly string[], environment: Environment): Promise<Tripline> {
    const tripline = new Tripline(args, environment);
    await until(() => {
      assert.equal(tripline.#child.exitCode, null, `it ended instead:\n${tripline.output}`);
      return tripline.output.includes("is ready");
    }, `not ready:\n${tripline.output}`);
    return tripline;
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  get isReady(): boolean {
    return this.output.includes("is ready");
  }

  /** Resolves with its exit code when it has ended, for whatever reason; null where a signal ended it. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  /** SIGSTOP, and SIGCONT: it stands still, and wakes up later. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** kill -9: nothing is finished, nothing said. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Ctrl-C; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGINT");
    return this.#ended;
  }
}

/** Runs a command to its end; throws what it printed where it fails. */
export async function tripline(args: readonly string[], environment: Environment): Promise<string> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "src/main.ts", ...args], {
    cwd: ROOT,
    env: { ...withoutTripline(process.env), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts: string[] = [];
  const keep = (text: unknown): void => {
    texts.push(String(text));
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const [code]: unknown[] = await once(child, "close");
  assert.equal(code, 0, texts.join(""));
  return texts.join("");
}

/** What the caller's shell has set must not decide what a test starts. */
const withoutTripline = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(TRIPLINE|PREFECT|KAFKA|CLICKHOUSE)_/.test(name)),
  );

/** Waits on a condition, and fails with a reason where it does not come about. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  otherwise: string,
  withinMs = READY_MS,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    assert(performance.now() < end, `waited ${withinMs} ms: ${otherwise}`);
    await pause(25);
  }
}

/** A port that is free right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert(typeof address === "object" && address !== null);
  return address.port;
}

/** The API of a running Tripline, as any program uses it. */
export class Api {
  readonly #url: string;

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/api`;
  }

  async post(path: string, body: unknown): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  /** The rows of a query over history. */
  async history(query: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const answer = await this.post("/history/query", { query });
    assert.equal(answer.status, 200, answer.text);
    const { rows }: { rows: readonly Readonly<Record<string, unknown>>[] } = JSON.parse(answer.text);
    return rows;
  }

  async count(query: string): Promise<number> {
    return Number(Object.values((await this.history(query))[0] ?? {})[0]);
  }
}

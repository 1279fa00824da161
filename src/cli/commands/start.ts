/** `tripline start` and `tripline run`: roles running in this process until somebody stops it. */
import { setTimeout as pause } from "node:timers/promises";
import type { Out } from "../out.ts";
import { ConfigurationError, reasonOf } from "../reasons.ts";
import type { RoleName, Settings } from "../settings.ts";

/** A process that runs roles; how it is put together stands in assemble.ts. */
export interface RunningProcess {
  /** What to tell whoever started it. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
  /** Rejects when the process cannot go on. */
  readonly failed: Promise<never>;
}

export type StartProcess = (
  settings: Settings,
  roles: readonly RoleName[],
  log: (line: string) => void,
) => Promise<RunningProcess>;

/** The operating system, as far as starting and stopping goes. */
export interface Host {
  /** Calls the listener each time the process is asked to stop; gives back how to stop listening. */
  onStop(listener: () => void): () => void;
  /** Ends the process now, whatever it is doing. */
  exit(code: number): void;
}

export interface StartOptions {
  readonly roles: readonly RoleName[];
  readonly startProcess: StartProcess;
  readonly host: Host;
}

const INTERRUPTED = 130;

/** Runs until it is asked to stop or fails; asked twice, it ends at once. */
export async function start(settings: Settings, out: Out, options: StartOptions): Promise<void> {
  const asked = Promise.withResolvers<"asked">();
  let askedTimes = 0;
  const stopListening = options.host.onStop(() => {
    askedTimes += 1;
    if (askedTimes > 1) options.host.exit(INTERRUPTED);
    asked.resolve("asked");
  });
  try {
    const starting = options.startProcess(settings, options.roles, (line) => out.note(line));
    const running = await Promise.race([starting, asked.promise]);
    if (running === "asked") {
      out.print("Stopping …");
      await abandoned(starting);
      out.print("Stopped.");
      options.host.exit(INTERRUPTED);
      return;
    }
    for (const line of running.lines) out.print(line);
    const failure = await Promise.race([asked.promise, running.failed]).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (failure === null) out.print("Stopping …");
    else out.fail(`Tripline cannot go on: ${reasonOf(failure.error)}`);
    const isClean = await running.stop().then(
      () => true,
      (error: unknown) => out.fail(`Tripline could not stop cleanly: ${reasonOf(error)}`),
    );
    if (failure === null && isClean === true) out.print("Stopped.");
  } catch (error) {
    out.fail(`Tripline cannot start: ${reasonOf(error)}`, error instanceof ConfigurationError ? 2 : 1);
  } finally {
    stopListening();
  }
}

const START_MS_MAX = 3000;

/** What is half started is stopped as soon as it stands; what waits for others to start is waited for no longer. */
async function abandoned(starting: Promise<RunningProcess>): Promise<void> {
  const stopped = starting.then((running) => running.stop()).catch(() => {});
  await Promise.race([stopped, pause(START_MS_MAX, undefined, { ref: false })]);
}

/** SIGINT and SIGTERM of this process. */
export function processHost(process: NodeJS.Process): Host {
  return {
    onStop: (listener) => {
      process.on("SIGINT", listener).on("SIGTERM", listener);
      return () => process.off("SIGINT", listener).off("SIGTERM", listener);
    },
    exit: (code) => process.exit(code),
  };
}

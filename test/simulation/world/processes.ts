/** Processes of the simulation: the real roles on the real tables, with a log and a clock that let chance decide. */

import { Definitions } from "../../../src/cli/definitions.ts";
import { seconds } from "../../../src/core/model/time.ts";
import type { Ticker } from "../../../src/runtime/ports.ts";
import { type RunningRole, startEvaluator, startScheduler, type Wire } from "../../../src/runtime/runtime.ts";
import type { Topology } from "../../../src/topology/topology.ts";
import { SimulatedLog, type Surroundings } from "./log.ts";
import type { Actor } from "./turns.ts";

export type RoleName = "evaluator" | "scheduler";

export interface Process extends Actor {
  readonly role: RoleName;
  /** What ended it by itself; null while it works. */
  failure: Error | null;
  /** Whether it has ended as it was asked to. */
  hasLeft: boolean;
  stop: () => void;
}

interface Setting extends Surroundings {
  readonly topology: Topology;
  readonly wire: Wire;
  readonly skewSeconds: number;
  readonly report: (problem: string) => void;
}

/** Starts a process; it works on its own from then on, whenever it is its turn. */
export function startProcess(name: string, role: RoleName, setting: Setting): Process {
  const process: Process = {
    name,
    role,
    state: "running",
    failure: null,
    hasLeft: false,
    stop: () => {},
  };
  const fail = (error: unknown): void => {
    process.failure ??= error instanceof Error ? error : new Error(String(error));
  };
  run(process, setting).catch(fail);
  return process;
}

async function run(process: Process, setting: Setting): Promise<void> {
  const { topology, wire, broker, turns, chance, skewSeconds } = setting;
  const asked = Promise.withResolvers<void>();
  process.stop = asked.resolve;
  const log = new SimulatedLog(setting, process);
  const ticker: Ticker = {
    now: () => broker.clock.nowMs,
    sleep: (ms) => turns.sleep(process, ms),
    breathe: () => turns.take(process, "breathe"),
  };
  const report = (problem: string): void => setting.report(`${process.name}: ${problem}`);
  const definitions = await Definitions.open({ log, wire, ticker, variables: {}, report });
  const random = chance.next;
  const ground = { topology, log, wire, ticker, tables: definitions, report, random };
  const running: RunningRole =
    process.role === "evaluator"
      ? await startEvaluator(ground, { clockSkew: seconds(skewSeconds), standbys: 1 })
      : await startScheduler(ground);
  await Promise.race([asked.promise, running.failure]);
  await running.stop();
  await definitions.close();
  await log.close();
  process.hasLeft = true;
}

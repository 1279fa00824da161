/** Runs the roles of a topology, partition by partition; knows no Kafka. */
import { stages } from "../core/core.ts";
import type { Duration } from "../core/model/time.ts";
import type { Role, Topology } from "../topology/topology.ts";
import { AgendaTask } from "./agenda-task.ts";
import type { History, HistorySource, Log, Ticker } from "./ports.ts";
import { createRecorder } from "./recorder/recorder.ts";
import { Restores } from "./restores.ts";
import { RoleRunner } from "./role.ts";
import { Copy, Standby, type TableSource, Task } from "./task/task.ts";
import type { Wire } from "./wire.ts";

export type { Output } from "./chain/chain.ts";
export { Table } from "./table.ts";
export type { CurrentTables, TableSource } from "./task/task.ts";
export { Wire } from "./wire.ts";

/** What every role stands on. */
export interface Ground {
  readonly topology: Topology;
  readonly log: Log;
  readonly wire: Wire;
  readonly ticker: Ticker;
  readonly tables: TableSource;
  /** Told what did not go as it should, and was mended. */
  readonly report: (problem: string) => void;
  /** From 0 to 1, for pauses; without it, the machine's own chance. */
  readonly random?: () => number;
}

/** A role at work in this process. */
export interface RunningRole {
  /** Rejects when it cannot go on. */
  readonly failure: Promise<never>;
  /** Finishes what was taken, commits, and leaves the group. */
  stop(): Promise<void>;
}

/** What the evaluator is told. */
export interface EvaluatorOptions {
  /** How far the clocks of the brokers may be apart. */
  readonly clockSkew: Duration;
  /** How many other evaluators follow the state of each partition. */
  readonly standbys: number;
}

/** The evaluator: watches events and fires triggers. */
export async function startEvaluator(ground: Ground, options: EvaluatorOptions): Promise<RunningRole> {
  const { log, wire, ticker, report, random } = ground;
  const { clockSkew, standbys } = options;
  const role = roleOf(ground, "evaluator");
  const vias = role.steps.flatMap(({ via }) => (via === null ? [] : [via]));
  const partitions = wire.topic("events").partitions;
  const restores = new Restores(role.name, ticker, report);
  const building = { ...ground, role, stages, partitions };
  const build = (partition: number) => new Copy({ ...building, partition });
  const follow = (partition: number, warmed: () => void) =>
    new Standby({ log, ticker, partition, build: () => build(partition), warmed, report });
  return RoleRunner.start<Copy>({
    group: wire.nameOf(role.name),
    topics: ["events", ...new Set(vias)].map((topic) => wire.nameOf(topic)),
    log,
    ticker,
    buildTask: (partition, poison, copy) =>
      new Task({ ...building, partition, clockSkew, poison, copy, restores }),
    standbys: standbys > 0 ? { topic: build(0).changelog, count: standbys, follow } : null,
    report,
    random,
  });
}

/** The scheduler: keeps run commands until they are due. */
export async function startScheduler(ground: Ground): Promise<RunningRole> {
  const { log, wire, ticker, report, random } = ground;
  const role = roleOf(ground, "scheduler");
  const restores = new Restores(role.name, ticker, report);
  return RoleRunner.start({
    group: wire.nameOf(role.name),
    topics: [wire.nameOf("run-commands")],
    log,
    ticker,
    buildTask: (partition) => new AgendaTask({ ...ground, role, stages, partition, restores }),
    report,
    random,
  });
}

/** The historian: keeps what happened, for questions. */
export async function startHistorian(
  ground: Ground,
  { history, sources }: { readonly history: History; readonly sources: readonly HistorySource[] },
): Promise<RunningRole> {
  const { log, wire, ticker, report } = ground;
  const role = roleOf(ground, "historian");
  // A group shares partition numbers, so topics with as many partitions make a group together.
  const topics = new Set(sources.map(({ topic }) => topic));
  const groups = Map.groupBy(topics, (topic) => wire.topic(wire.topicNamed(topic)).partitions);
  const failed = Promise.withResolvers<never>();
  // Whoever started the role decides what to do about it; until then it is no unhandled rejection.
  failed.promise.catch(() => {});
  const members = Array.from(groups, async ([count, together]) => {
    const recorder = createRecorder({
      log,
      history,
      sources: sources.filter(({ topic }) => together.includes(topic)),
      sleep: (ms) => ticker.sleep(ms),
      onError: (error) => report(`historian: ${error.message}; trying again`),
    });
    const membership = await log.join(`${wire.nameOf(role.name)}.${count}`, together, {
      assigned: (partitions) => recorder.setPartitions(partitions),
      failed: failed.reject,
    });
    return { recorder, membership };
  });
  const joined = await Promise.all(members);
  return {
    failure: failed.promise,
    stop: async () => {
      for (const { recorder, membership } of joined) {
        await recorder.stop();
        await membership.leave();
      }
    },
  };
}

function roleOf(ground: Ground, name: string): Role {
  const role = ground.topology.roles[name];
  if (role === undefined) throw new Error(`the topology has no role '${name}'`);
  return role;
}

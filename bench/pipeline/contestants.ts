/** Who runs: the reference, Kafka Streams, and the evaluator, each a process of its own with topics of its own. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DefinitionWriter } from "../../src/cli/definitions.ts";
import { openGround } from "../../src/cli/ground.ts";
import { readSettings as readProgramSettings } from "../../src/cli/settings.ts";
import type { Automation } from "../../src/core/model/automation.ts";
import type { Broker } from "./broker.ts";
import { Child } from "./child.ts";
import { Feed } from "./feed.ts";
import type { Settings } from "./settings.ts";
import { Watch } from "./watch.ts";

const ROOT = join(import.meta.dirname, "../..");
const STREAMS = join(ROOT, ".cache/kafka-streams");

export interface Contestant {
  readonly name: string;
  readonly pid: number;
  readonly feed: Feed;
  /** How many run commands came of it; null for the one that runs nothing. */
  readonly commands: () => number | null;
  /** Resolves when the last event of this round has led to what it leads to. */
  finished(round: number): Promise<unknown>;
  stop(): Promise<void>;
}

/** Where a contestant works: its topics have this prefix. */
export interface Stand {
  readonly broker: Broker;
  readonly prefix: string;
  readonly settings: Settings;
}

export const isStreamsBuilt = (): boolean => existsSync(join(STREAMS, "kafka-streams-1.jar"));

export async function parsing({ broker, prefix, settings }: Stand): Promise<Contestant> {
  const { events, partitions } = settings;
  const topic = `${prefix}.events`;
  await broker.create(topic, partitions);
  const feed = await Feed.open(broker.brokers, topic);
  const each = events + 5 * partitions;
  const child = await Child.start({
    command: process.execPath,
    args: [join(import.meta.dirname, "parser.ts"), broker.brokers[0] ?? "", topic, String(each)],
    ready: "ready",
  });
  return {
    name: "kafkajs, parsing",
    pid: child.pid,
    feed,
    commands: () => null,
    finished: () => child.says("round"),
    stop: async () => {
      await child.stop();
      await feed.close();
      await broker.remove(prefix);
    },
  };
}

export async function streaming({ broker, prefix, settings }: Stand): Promise<Contestant> {
  const { partitions } = settings;
  for (const topic of ["events", "run-commands"]) await broker.create(`${prefix}.${topic}`, partitions);
  const feed = await Feed.open(broker.brokers, `${prefix}.events`);
  const state = mkdtempSync(join(tmpdir(), "tripline-streams-"));
  const path = [join(STREAMS, "kafka-streams-1.jar"), join(STREAMS, "lib/*")].join(":");
  const child = await Child.start({
    command: "java",
    args: ["-Xmx1g", "-cp", path, "tripline.bench.Contestant", broker.brokers[0] ?? "", prefix, "1", state],
    ready: "ready",
  });
  const watch = await Watch.open(broker.brokers, prefix);
  return {
    name: "Kafka Streams",
    pid: child.pid,
    feed,
    commands: () => watch.count,
    finished: (round) => watch.untilLast(round),
    stop: async () => {
      await watch.close();
      await child.stop("SIGTERM");
      await feed.close();
      await broker.remove(prefix);
      rmSync(state, { recursive: true, force: true });
    },
  };
}

export async function evaluating(stand: Stand, automations: readonly Automation[]): Promise<Contestant> {
  const { broker, prefix, settings } = stand;
  await broker.create(`${prefix}.events`, settings.partitions);
  const environment = await define(stand, automations);
  const feed = await Feed.open(broker.brokers, `${prefix}.events`);
  const child = await startRoles(["evaluator"], environment, settings);
  const watch = await Watch.open(broker.brokers, prefix);
  return {
    name: "Tripline",
    pid: child.pid,
    feed,
    commands: () => watch.count,
    finished: (round) => watch.untilLast(round),
    stop: async () => {
      await watch.close();
      await child.stop();
      await feed.close();
      await broker.remove(prefix);
    },
  };
}

/** Tripline as people start it: `tripline run …`. */
export async function startRoles(
  roles: readonly string[],
  environment: Readonly<Record<string, string>>,
  { profile }: Settings,
): Promise<Child> {
  const profiling = profile === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  return Child.start({
    command: process.execPath,
    args: [...profiling, "--disable-warning=ExperimentalWarning", join(ROOT, "src/main.ts"), "run", ...roles],
    environment,
    ready: "is ready",
  });
}

/** Creates the topics that are missing and writes the automations; gives the settings of the processes to come. */
export async function define(
  { broker, prefix, settings }: Stand,
  automations: readonly Automation[],
): Promise<Readonly<Record<string, string>>> {
  const environment = {
    KAFKA_BROKERS: broker.brokers.join(","),
    TRIPLINE_PREFIX: prefix,
    TRIPLINE_PARTITIONS: String(settings.partitions),
    TRIPLINE_DATA: join(tmpdir(), prefix),
  };
  const read = readProgramSettings(environment);
  if (!read.ok) throw new Error("settings nobody can read");
  const ground = await openGround(read.value, (problem) => process.stderr.write(`${problem}\n`));
  const writer = new DefinitionWriter(ground);
  const changes = automations.map((automation) => ({ kind: "automation", automation }) as const);
  await writer.define(() => ({ changes, answer: null }));
  await writer.close();
  await ground.close();
  return environment;
}

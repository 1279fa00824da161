/** What every role of a process stands on: the checked topology, the log, and the definitions held whole. */
import { access, constants, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { openCodecs } from "../edges/avro/avro.ts";
import { openKafkaLog } from "../edges/kafka/kafka.ts";
import { openSqliteLog } from "../edges/sqlite/sqlite.ts";
import type { Log, Ticker } from "../runtime/ports.ts";
import { type Ground, Wire } from "../runtime/runtime.ts";
import type { Topology } from "../topology/topology.ts";
import { Definitions } from "./definitions.ts";
import { ConfigurationError, reasonOf } from "./reasons.ts";
import type { KafkaSettings, Settings } from "./settings.ts";
import { readTopology, SCHEMAS } from "./topology-file.ts";
import { readVariables } from "./variables.ts";

const ticker: Ticker = {
  now: () => performance.now(),
  sleep: async (ms) => {
    await pause(ms);
  },
  breathe: async () => {
    await nextTurn();
  },
};

/** The ground of one process. */
export interface ProcessGround extends Ground {
  readonly settings: Settings;
  readonly definitions: Definitions;
  close(): Promise<void>;
}

/** Opens the log, creates what is missing of the topics, and reads the tables to their ends. */
export async function openGround(
  settings: Settings,
  report: (problem: string) => void,
): Promise<ProcessGround> {
  const topology = partitionsAsSet(await readTopology(settings), settings);
  const wire = new Wire({ topology, codecs: openCodecs(SCHEMAS), prefix: settings.prefix });
  const variables = await readVariables(settings.variables);
  const log = await openLog(settings, report);
  try {
    await log.create(
      Object.values(topology.topics).map(({ name, partitions, keep }) => ({
        name: wire.nameOf(name),
        partitions,
        keep,
      })),
    );
    const definitions = await Definitions.open({ log, wire, ticker, variables, report });
    return {
      settings,
      topology,
      wire,
      log,
      ticker,
      definitions,
      tables: definitions,
      report,
      close: async () => {
        try {
          await definitions.close();
        } finally {
          await log.close();
        }
      },
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** One process works the embedded log, so one partition serves it best (docs/adr/0010). */
function partitionsAsSet(topology: Topology, { partitions, kafka }: Settings): Topology {
  const count = partitions ?? (kafka === null ? 1 : null);
  return count === null ? topology : withPartitions(topology, count);
}

/** The same topology with this many partitions wherever it has several. */
function withPartitions(topology: Topology, count: number): Topology {
  const topics = Object.entries(topology.topics).map(([name, topic]) => [
    name,
    { ...topic, partitions: topic.partitions === 1 ? 1 : count },
  ]);
  return { ...topology, topics: Object.fromEntries(topics) };
}

async function openLog(settings: Settings, report: (problem: string) => void): Promise<Log> {
  if (settings.kafka === null) {
    await openFolder(settings.dataFolder);
    return openSqliteLog({ path: join(resolve(settings.dataFolder), "log.sqlite") });
  }
  const { brokers, isEncrypted, sasl } = settings.kafka;
  return openKafkaLog({
    brokers,
    clientId: settings.prefix,
    clockTopic: `${settings.prefix}.clock`,
    ...(isEncrypted ? { ssl: true } : {}),
    ...(sasl === null ? {} : { sasl: loginOf(sasl) }),
    warn: report,
  });
}

/** Told here, before the edges trip over it each in its own words. */
export async function openFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ConfigurationError(
      `cannot write to the data folder ${folder} (TRIPLINE_DATA): ${reasonOf(error)}`,
    );
  }
}

/** kafkajs has one type a mechanism. */
function loginOf({ mechanism, username, password }: NonNullable<KafkaSettings["sasl"]>) {
  switch (mechanism) {
    case "plain":
      return { mechanism, username, password };
    case "scram-sha-256":
      return { mechanism, username, password };
    case "scram-sha-512":
      return { mechanism, username, password };
  }
}

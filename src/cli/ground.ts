/** What every role of a process stands on: the checked topology, the log, and the tables held whole. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { Automation } from "../core/model/automation.ts";
import { type AutomationTable, tableOf } from "../core/model/automation-table.ts";
import type { Deployment } from "../core/model/deployment.ts";
import { formatFault } from "../core/model/fault.ts";
import { readStored, type StoredAutomation } from "../define/define.ts";
import { openCodecs } from "../edges/avro/avro.ts";
import { openKafkaLog } from "../edges/kafka/kafka.ts";
import { openSqliteLog } from "../edges/sqlite/sqlite.ts";
import { type Log, type LogRecord, type Ticker, Unreadable } from "../runtime/ports.ts";
import { type CurrentTables, type Ground, Table, Wire } from "../runtime/runtime.ts";
import type { Topology } from "../topology/topology.ts";
import type { KafkaSettings, Settings } from "./settings.ts";
import { readTopology, SCHEMAS } from "./topology-file.ts";

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
  readonly automations: Table<Automation>;
  readonly deployments: Table<Deployment>;
  close(): Promise<void>;
}

/** Opens the log, creates what is missing of the topics, and reads the tables to their ends. */
export async function openGround(
  settings: Settings,
  report: (problem: string) => void,
): Promise<ProcessGround> {
  const topology = partitionsAsSet(await readTopology(settings), settings);
  const wire = new Wire({ topology, codecs: openCodecs(SCHEMAS), prefix: settings.prefix });
  const log = await openLog(settings, report);
  try {
    await log.create(
      Object.values(topology.topics).map(({ name, partitions, keep }) => ({
        name: wire.nameOf(name),
        partitions,
        keep,
      })),
    );
    const open = <T>(topic: string, decode: (record: LogRecord) => T): Promise<Table<T>> =>
      Table.open({ log, topic: wire.nameOf(topic), decode, ticker, report });
    const automations = await open("automations", (record) => storedAutomation(wire, record));
    const deployments = await open("deployments", (record) => wire.decode<Deployment>("deployments", record));
    return {
      settings,
      topology,
      wire,
      log,
      ticker,
      automations,
      deployments,
      tables: {
        current: currentTables(automations, deployments),
        reached: (offset) => automations.reached(0, offset),
      },
      report,
      close: async () => {
        await Promise.all([automations.close(), deployments.close()]);
        await log.close();
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
    await mkdir(settings.dataFolder, { recursive: true });
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

function storedAutomation(wire: Wire, record: LogRecord): Automation {
  const read = readStored(wire.decode<StoredAutomation>("automations", record));
  if (!read.ok) throw new Unreadable(read.faults.map(formatFault).join("; "));
  return read.value;
}

/** The tables as processors see them, built anew only when they have changed. */
function currentTables(automations: Table<Automation>, deployments: Table<Deployment>): () => CurrentTables {
  let current: CurrentTables | null = null;
  return () => {
    const version = automations.version + deployments.version;
    if (current?.version === version) return current;
    current = {
      version,
      reach: automations.next(0),
      automations: automationTable(automations),
      deployments: new Map(Array.from(deployments.rows, ([id, row]) => [id, row.value])),
      variables: {},
    };
    return current;
  };
}

const automationTable = (automations: Table<Automation>): AutomationTable =>
  tableOf(
    Array.from(automations.rows.values(), ({ value, offset }) => ({ automation: value, revision: offset })),
  );

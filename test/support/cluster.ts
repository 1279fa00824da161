/**
 * A Kafka broker for tests: the one KAFKA_BROKERS names, else one started in Docker, else one started from jars.
 *
 * To try things out by hand: `npx node test/support/cluster.ts` prints the address and stays until Ctrl-C;
 * then `KAFKA_BROKERS=<address> npx node --test test/edges/kafka/*.test.ts` in another window.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { GenericContainer, getContainerRuntimeClient } from "testcontainers";
import { provideKafka } from "../../scripts/provide-kafka.ts";
import { kafkajs } from "../../src/edges/kafka/patches/patches.ts";

export interface Cluster {
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

const STARTS_WITHIN_MS = 120_000;

/** Finds or starts a broker; throws with the command that would provide one. */
export async function startCluster(): Promise<Cluster> {
  const given = process.env["KAFKA_BROKERS"];
  if (given !== undefined && given !== "") return { brokers: given.split(","), stop: async () => {} };
  if (await dockerAnswers()) return fromDocker();
  return fromJars();
}

async function dockerAnswers(): Promise<boolean> {
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false;
  }
}

const HELP = `No Kafka broker for the tests. One of these provides it:
  KAFKA_BROKERS=host:port                                       a broker that runs already
  docker                                                        any engine that testcontainers finds
  apt-get install -y openjdk-17-jre-headless maven && npx node scripts/provide-kafka.ts`;

async function fromJars(): Promise<Cluster> {
  const broker = await prepareBroker();
  const stop = () => broker.remove();
  await broker.start().catch(async (fault: unknown) => {
    await stop();
    throw fault;
  });
  return { brokers: broker.brokers, stop };
}

/** A broker from jars with a folder of its own: it may be ended, as brokers end, and started again where it was. */
export async function prepareBroker(): Promise<JarBroker> {
  const home = await provideKafka().catch((cause: unknown) => {
    throw new Error(HELP, { cause });
  });
  const data = await mkdtemp(join(tmpdir(), "tripline-kafka-"));
  try {
    const [port, controllerPort] = [await freePort(), await freePort()];
    const properties = join(data, "server.properties");
    await writeFile(properties, lines(settings(port, controllerPort, join(data, "log"))));
    await writeFile(join(data, "log4j2.properties"), lines(QUIET));

    const format = java(home, data, [
      "kafka.tools.StorageTool",
      "format",
      "-t",
      CLUSTER_ID,
      "-c",
      properties,
    ]);
    const [code] = await once(format.process, "exit");
    if (code !== 0) throw new Error(`kafka.tools.StorageTool ended with ${String(code)}: ${format.said()}`);
    return new JarBroker(port, data, () => java(home, data, ["kafka.Kafka", properties]));
  } catch (fault) {
    await rm(data, { recursive: true, force: true });
    throw fault;
  }
}

type Java = ReturnType<typeof java>;

export class JarBroker {
  readonly brokers: readonly string[];
  readonly #data: string;
  readonly #launch: () => Java;
  #running: { readonly java: Java; readonly exited: Promise<unknown>; readonly forget: () => void } | null =
    null;

  constructor(port: number, data: string, launch: () => Java) {
    this.brokers = [`127.0.0.1:${port}`];
    this.#data = data;
    this.#launch = launch;
  }

  /** Resolves when it answers; throws where it does not within this time. */
  async start(withinMs = STARTS_WITHIN_MS): Promise<void> {
    const started = this.#launch();
    const exited = once(started.process, "exit");
    const kill = () => started.process.kill("SIGKILL");
    process.once("exit", kill);
    this.#running = { java: started, exited, forget: () => process.off("exit", kill) };
    const died = exited.then(() => Promise.reject(new Error(`the broker ended at once: ${started.said()}`)));
    died.catch(() => {});
    await Promise.race([answers(this.brokers, withinMs), died]);
  }

  /** SIGKILL as a crash, SIGTERM as people stop it; resolves when it has ended. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const running = this.#running;
    this.#running = null;
    running?.java.process.kill(signal);
    await running?.exited;
    running?.forget();
  }

  /** Takes connections and answers nobody, until it is thawed. */
  freeze(): void {
    this.#running?.java.process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#running?.java.process.kill("SIGCONT");
  }

  /** Ends it, and leaves nothing behind. */
  async remove(): Promise<void> {
    await this.end("SIGKILL");
    await rm(this.#data, { recursive: true, force: true });
  }
}

function java(home: string, data: string, args: readonly string[]) {
  const options = [
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseG1GC",
    "-Djava.awt.headless=true",
    `-Dlog4j2.configurationFile=${join(data, "log4j2.properties")}`,
  ];
  const javaHome = process.env["JAVA_HOME"];
  const child = spawn(
    javaHome === undefined ? "java" : join(javaHome, "bin", "java"),
    [...options, "-cp", join(home, "*"), ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000);
    });
  }
  return { process: child, said: () => said };
}

const CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw";

const settings = (port: number, controllerPort: number, dir: string): Record<string, string> => ({
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
  "controller.listener.names": "CONTROLLER",
  "log.dirs": dir,
  ...COMMON,
});

/** One broker holds everything, groups form at once, and the cleaner looks often enough for a test to wait for it. */
const COMMON: Readonly<Record<string, string>> = {
  "auto.create.topics.enable": "false",
  "group.initial.rebalance.delay.ms": "0",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "4",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  "default.replication.factor": "1",
  "log.cleaner.backoff.ms": "500",
  "log.cleaner.dedupe.buffer.size": "16777216",
};

const QUIET: Readonly<Record<string, string>> = {
  status: "off",
  "appender.out.type": "Console",
  "appender.out.name": "out",
  "appender.out.layout.type": "PatternLayout",
  "appender.out.layout.pattern": "%d %p %m%n",
  "rootLogger.level": "ERROR",
  "rootLogger.appenderRef.out.ref": "out",
};

const lines = (entries: Readonly<Record<string, string>>): string =>
  Object.entries(entries)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

async function fromDocker(): Promise<Cluster> {
  // The address to advertise must be known before the broker starts, so the port is chosen here and bound as it is.
  const port = await freePort();
  const environment: Record<string, string> = {
    KAFKA_NODE_ID: "1",
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_CONTROLLER_QUORUM_VOTERS: "1@127.0.0.1:9093",
    KAFKA_LISTENERS: "PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093",
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_HEAP_OPTS: "-Xms256m -Xmx512m",
    CLUSTER_ID,
  };
  for (const [name, value] of Object.entries(COMMON)) {
    environment[`KAFKA_${name.toUpperCase().replaceAll(".", "_")}`] = value;
  }
  const container = await new GenericContainer("apache/kafka:4.1.0")
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment(environment)
    .start();
  const brokers = [`127.0.0.1:${port}`];
  await answers(brokers);
  return {
    brokers,
    stop: async () => {
      await container.stop();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

/** Until the broker tells its metadata and has a controller. */
async function answers(brokers: readonly string[], withinMs = STARTS_WITHIN_MS): Promise<void> {
  const latest = performance.now() + withinMs;
  const { Kafka, logLevel } = kafkajs();
  let last: unknown = null;
  while (performance.now() < latest) {
    const kafka = new Kafka({
      brokers: [...brokers],
      clientId: "probe",
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    const admin = kafka.admin();
    try {
      await admin.connect();
      const { controller } = await admin.describeCluster();
      if (controller !== null) return;
    } catch (fault) {
      last = fault;
    } finally {
      await admin.disconnect().catch(() => {});
    }
    await after(100);
  }
  throw new Error(`the broker at ${brokers.join(",")} did not answer`, { cause: last });
}

if (import.meta.main) {
  const cluster = await startCluster();
  process.stdout.write(`${cluster.brokers.join(",")}\n`);
  const stay = setInterval(() => {}, 60_000);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      clearInterval(stay);
      void cluster.stop();
    });
  }
}

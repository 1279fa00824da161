/** The benchmark of take-overs: for how long a partition stands still when its evaluator ends (bench/README.md). */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openKafkaLog } from "../../src/edges/kafka/kafka.ts";
import { partitionOf } from "../../src/runtime/partitioner.ts";
import type { Log, LogRecord, NewRecord } from "../../src/runtime/ports.ts";
import { startCluster } from "../../test/support/cluster.ts";
import { Api, type Environment, freePort, Tripline, until } from "../../test/support/process.ts";
import { median, table } from "../core/ratios.ts";

const { values } = parseArgs({
  options: {
    keys: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
  },
});
const keys = Number(values.keys);
const rounds = Number(values.rounds);
const PARTITIONS = 12;
/** Between two events of a partition. */
const BEAT_MS = 25;
const CALM_MS = 3_000;
const SESSION_MS = 6_000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const on = (name: string, trigger: Readonly<Record<string, unknown>>) => ({
  name,
  trigger: { type: "event", posture: "Reactive", for_each: ["prefect.resource.id"], ...trigger },
  actions: [{ type: "do-nothing" }],
});
const automations = [
  on("every beat", { expect: ["beat"], threshold: 1, within: 0 }),
  on("five of each", { expect: ["filler"], threshold: 5, within: 86_400 }),
];

function eventRecord(topic: string, event: string, resource: string, partition: number): NewRecord {
  const body = { event, resource: { "prefect.resource.id": resource } };
  return { topic, partition, key: resource, value: Buffer.from(JSON.stringify(body)), headers: {} };
}

/** A resource at home in each partition. */
const beating = Array.from({ length: PARTITIONS }, (_, partition) => {
  for (let i = 0; ; i++) if (partitionOf(`beat.${i}`, PARTITIONS) === partition) return `beat.${i}`;
});

/** When each partition was last heard of, by the broker's time of its firings, and its longest silence since a reset. */
class Silence {
  readonly #last = new Map<number, number>();
  readonly #longest = new Map<number, number>();

  take({ value, timestamp }: LogRecord): void {
    const text = new TextDecoder().decode(value ?? new Uint8Array());
    const found = beating.findIndex((resource) => text.includes(`"${resource}"`));
    if (found >= 0) this.#hear(found, timestamp / 1000);
  }

  #hear(partition: number, atMs: number): void {
    const last = this.#last.get(partition);
    if (last !== undefined) {
      this.#longest.set(partition, Math.max(this.#longest.get(partition) ?? 0, atMs - last));
    }
    this.#last.set(partition, Math.max(atMs, last ?? 0));
  }

  reset(): void {
    this.#longest.clear();
  }

  get longestMs(): number {
    return Math.max(0, ...this.#longest.values());
  }

  hasHeardAllSince(ms: number): boolean {
    return this.#last.size === PARTITIONS && [...this.#last.values()].every((at) => at > ms);
  }
}

/** A gateway and three evaluators, events that come in all the time, and the firings they lead to. */
class Installation {
  readonly #environment: Environment;
  readonly #log: Log;
  readonly #prefix: string;
  readonly #ended = new AbortController();
  readonly #evaluators: Tripline[] = [];
  readonly silence = new Silence();

  constructor(log: Log, prefix: string, environment: Environment) {
    this.#log = log;
    this.#prefix = prefix;
    this.#environment = environment;
  }

  async addEvaluator(): Promise<void> {
    this.#evaluators.push(await Tripline.start(["run", "evaluator"], this.#environment));
  }

  /** The keys of the state that is to be restored. */
  async fill(): Promise<void> {
    for (let from = 0; from < keys; from += 5_000) {
      const resources = Array.from({ length: Math.min(5_000, keys - from) }, (_, i) => `filler.${from + i}`);
      await this.#log.append(
        resources.map((resource) =>
          eventRecord(`${this.#prefix}.events`, "filler", resource, partitionOf(resource, PARTITIONS)),
        ),
      );
    }
  }

  async beat(): Promise<void> {
    const topic = `${this.#prefix}.events`;
    while (!this.#ended.signal.aborted) {
      await this.#log.append(beating.map((resource, number) => eventRecord(topic, "beat", resource, number)));
      await pause(BEAT_MS);
    }
  }

  async listen(): Promise<void> {
    const topic = `${this.#prefix}.firings`;
    const positions = await Promise.all(
      beating.map(async (_, partition) => ({
        topic,
        partition,
        offset: await this.#log.end(topic, partition),
      })),
    );
    const reader = await this.#log.openReader(positions);
    while (!this.#ended.signal.aborted) {
      const batches = await reader.poll(100);
      for (const record of batches.flatMap(({ records }) => records)) this.silence.take(record);
    }
    await reader.close();
  }

  /** All partitions are worked, and nothing has moved for a while; where there are standbys, they are at hand. */
  async calm(hasStandbys: boolean): Promise<void> {
    const isWarm = ({ output }: Tripline): boolean =>
      !hasStandbys || output.includes("has warm copies of all");
    await until(() => this.#evaluators.every(isWarm), "no warm copies", 120_000);
    for (;;) {
      const said = this.#evaluators.map(({ output }) => output.length).join();
      await pause(CALM_MS);
      const since = Date.now() - 2_000;
      const isStill = said === this.#evaluators.map(({ output }) => output.length).join();
      if (isStill && this.silence.hasHeardAllSince(since)) return;
    }
  }

  /** Ends the evaluator that has run longest; resolves with the longest silence of a partition, in milliseconds. */
  async endOne(how: "SIGTERM" | "SIGKILL"): Promise<number> {
    const [oldest] = this.#evaluators;
    assert(oldest !== undefined);
    this.#evaluators.shift();
    this.silence.reset();
    await (how === "SIGKILL" ? oldest.kill() : oldest.stop());
    const ended = Date.now();
    await until(() => this.silence.hasHeardAllSince(ended + 1_000), "not all partitions go on", 60_000);
    return this.silence.longestMs;
  }

  async usual(): Promise<number> {
    this.silence.reset();
    await pause(CALM_MS);
    return this.silence.longestMs;
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#evaluators.map((one) => one.stop()));
  }
}

interface Measured {
  readonly what: string;
  readonly usual: number[];
  readonly gaps: number[];
}

async function measure(brokers: readonly string[], standbys: number): Promise<readonly Measured[]> {
  const data = await mkdtemp(join(tmpdir(), "tripline-bench-"));
  const prefix = `takeover-${process.pid}-${standbys}`;
  const port = await freePort();
  const environment = {
    KAFKA_BROKERS: brokers.join(","),
    TRIPLINE_PREFIX: prefix,
    TRIPLINE_DATA: data,
    TRIPLINE_PORT: String(port),
    TRIPLINE_PARTITIONS: String(PARTITIONS),
    TRIPLINE_STANDBY: String(standbys),
  };
  const gateway = await Tripline.start(["run", "gateway"], environment);
  const log = await openKafkaLog({ brokers, clientId: prefix, clockTopic: `${prefix}.clock` });
  const running = new Installation(log, prefix, environment);
  try {
    for (const automation of automations) await new Api(port).post("/automations/", automation);
    await running.fill();
    for (let i = 0; i < 3; i++) await running.addEvaluator();
    const loops = [running.beat(), running.listen()];
    const results: Measured[] = [];
    for (const how of ["SIGTERM", "SIGKILL"] as const) {
      const measured: Measured = { what: `${how}, ${standbys} standbys`, usual: [], gaps: [] };
      for (let round = 0; round < rounds; round++) {
        await running.calm(standbys > 0);
        measured.usual.push(await running.usual());
        measured.gaps.push(await running.endOne(how));
        await running.addEvaluator();
        process.stderr.write(`${measured.what}: ${Math.round(measured.gaps.at(-1) ?? 0)} ms\n`);
      }
      results.push(measured);
    }
    await running.stop();
    await Promise.all(loops);
    return results;
  } finally {
    await running.stop();
    await log.close();
    await gateway.stop();
    await rm(data, { recursive: true, force: true });
  }
}

const [cpu] = cpus();
say(`${cpus().length} × ${cpu?.model ?? "?"}, Node ${process.versions.node}`);
say(
  `${keys.toLocaleString("en")} keys on ${PARTITIONS} partitions, 3 evaluators, an event a partition every ${BEAT_MS} ms;`,
);
say("the longest silence of a partition in the firings, by the broker's time, in ms.\n");
const cluster = await startCluster();
try {
  const measured = [...(await measure(cluster.brokers, 1)), ...(await measure(cluster.brokers, 0))];
  const rows = measured.map(({ what, usual, gaps }) => {
    const timeout = what.startsWith("SIGKILL") ? SESSION_MS : 0;
    const figures = [median(usual), median(gaps), Math.min(...gaps), Math.max(...gaps)];
    const beyond = Math.round(median(gaps) - timeout);
    return [what, ...figures.map((figure) => String(Math.round(figure))), String(beyond)];
  });
  say(table(["what", "usual", "gap, median", "least", "greatest", "beyond the session timeout"], rows));
} finally {
  await cluster.stop();
}

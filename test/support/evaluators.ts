/** Evaluator tasks on a broker in memory: real stages, topology and codecs; time passes when the test says so. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { knownProcessors, stages } from "../../src/core/core.ts";
import type { Automation } from "../../src/core/model/automation.ts";
import { tableOf } from "../../src/core/model/automation-table.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import { fromMillis, seconds } from "../../src/core/model/time.ts";
import type { EventTrigger } from "../../src/core/model/trigger.ts";
import { openCodecs, schemaNames } from "../../src/edges/avro/avro.ts";
import { partitionOf } from "../../src/runtime/partitioner.ts";
import type { Log, Ticker } from "../../src/runtime/ports.ts";
import { type CurrentTables, Task, type TaskOptions } from "../../src/runtime/task/task.ts";
import { Wire } from "../../src/runtime/wire.ts";
import { loadTopology } from "../../src/topology/topology.ts";
import { compound, eventTrigger } from "../core/model/samples.ts";
import { MemoryBroker } from "./memory-log.ts";

const ROOT = join(import.meta.dirname, "../..");
const schemas = join(ROOT, "schemas");

const loaded = loadTopology(readFileSync(join(ROOT, "topologies/tripline.yaml"), "utf8"), {
  processors: knownProcessors,
  schemas: schemaNames(schemas),
});
assert(loaded.ok);
export const topology = loaded.value;
export const wire = new Wire({ topology, codecs: openCodecs(schemas), prefix: "t" });

/** Turns of the event loop after which a test gives up waiting. */
const PATIENCE = 4000;

export class Evaluators {
  readonly broker = new MemoryBroker();
  readonly reported: string[] = [];
  readonly #partitions: number;
  readonly #ends = new Map<Task, { readonly log: Log; readonly ended: Promise<unknown> }>();
  #tables: CurrentTables;
  #sent = 0;

  constructor(partitions: number, automations: readonly Automation[]) {
    this.#partitions = partitions;
    this.broker.create(
      Object.values(topology.topics).map(({ name, keep, partitions: count }) => ({
        name: wire.nameOf(name),
        keep,
        partitions: count === 1 ? 1 : partitions,
      })),
    );
    this.#tables = tablesOf(automations, 1);
  }

  get ticker(): Ticker {
    return {
      now: () => this.broker.clock.nowMs,
      sleep: async () => {
        await nextTurn();
      },
      breathe: async () => {
        await nextTurn();
      },
    };
  }

  redefine(automations: readonly Automation[]): void {
    this.#tables = tablesOf(automations, this.#tables.version + 1);
  }

  /** Starts the task of a partition as a process of its own would. */
  start(partition = 0, other: Partial<TaskOptions> = {}): Task {
    const log = this.broker.connect();
    const task = new Task({
      role: topology.roles["evaluator"] ?? assert.fail("no evaluator"),
      stages,
      partition,
      partitions: this.#partitions,
      log,
      wire,
      ticker: this.ticker,
      tables: { current: () => this.#tables, reached: async () => {} },
      poison: [],
      clockSkew: seconds(0),
      report: (problem) => this.reported.push(problem),
      ...other,
    });
    this.#ends.set(task, { log, ended: task.run().catch((error: unknown) => error) });
    return task;
  }

  startAll(): Task[] {
    return Array.from({ length: this.#partitions }, (_, partition) => this.start(partition));
  }

  /** What ended a task that ended by itself. */
  async endOf(task: Task): Promise<unknown> {
    return this.#ends.get(task)?.ended;
  }

  /** Kills a process: nothing is finished, nothing said. */
  async kill(task: Task): Promise<void> {
    await this.#ends.get(task)?.log.close();
    await this.#ends.get(task)?.ended;
    this.#ends.delete(task);
  }

  async stopAll(): Promise<void> {
    for (const task of this.#ends.keys()) task.stop();
    await this.until(() => false, 50);
    for (const { log } of this.#ends.values()) await log.close();
  }

  /** Sends an event by its resource, as any producer may. */
  send(event: string, resource: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.#sent += 1;
    const body = {
      event,
      resource: { "prefect.resource.id": resource },
      payload: { n: this.#sent },
      ...more,
    };
    this.sendRaw(JSON.stringify(body), resource);
  }

  sendRaw(text: string, key: string): void {
    const partition = partitionOf(key, this.#partitions);
    const value = new TextEncoder().encode(text);
    void this.broker.append([{ topic: wire.nameOf("events"), partition, key, value, headers: {} }]);
  }

  /** Lets time pass, a little a turn, until something holds. */
  async until(holds: () => boolean, patience = PATIENCE): Promise<void> {
    for (let turn = 0; turn < patience && !holds(); turn++) {
      this.broker.clock.advance(20);
      await nextTurn();
    }
  }

  values<T>(topic: string): T[] {
    return this.broker.committed(wire.nameOf(topic)).map((record) => wire.decode<T>(topic, record));
  }

  firings(): Firing[] {
    return this.values<Firing>("firings");
  }

  /** Waits for so many firings, and then for what should not come. */
  async untilFirings(count: number): Promise<readonly Firing[]> {
    await this.until(() => this.firings().length >= count);
    await this.until(() => this.firings().length > count, 100);
    return this.firings();
  }
}

export const tablesOf = (automations: readonly Automation[], version: number): CurrentTables => ({
  version,
  reach: version + 1,
  automations: tableOf(automations.map((automation) => ({ automation, revision: version }))),
  deployments: new Map(),
  variables: {},
});

const CREATED = fromMillis(Date.UTC(2026, 0, 1));

/** An automation that runs the deployment of its own name. */
export function automation(name: string, trigger: Automation["trigger"]): Automation {
  return {
    id: `automation-${name}`,
    name,
    description: "",
    enabled: true,
    tags: [],
    trigger,
    actions: [
      {
        kind: "run-deployment",
        source: "selected",
        deploymentId: name,
        parameters: {},
        jobVariables: null,
        scheduleAfter: seconds(0),
      },
    ],
    actionsOnTrigger: [],
    actionsOnResolve: [],
    ownerResource: null,
    created: CREATED,
    updated: CREATED,
  };
}

/** A trigger on one event, as plain as can be but for what is told. */
export const on = (id: string, expect: string, more: Partial<EventTrigger> = {}): EventTrigger =>
  eventTrigger({ id, expect: [expect], ...more });

export const both = compound([on("ping", "ping"), on("reply", "reply")], { id: "both" });

/** Makes the evaluators of each test, and stops them after it. */
export function evaluatorsOfEach() {
  let running: Evaluators | null = null;
  afterEach(async () => {
    await running?.stopAll();
  });
  return (partitions: number, ...automations: readonly Automation[]): Evaluators => {
    running = new Evaluators(partitions, automations);
    return running;
  };
}

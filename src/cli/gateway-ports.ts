/** The gateway's ports over the log and the tables of this process. */
import { randomUUID } from "node:crypto";
import type { Event } from "../core/model/event.ts";
import { resourceId } from "../core/model/event.ts";
import { deriveTimeId } from "../core/model/id.ts";
import { dueAt, type RunCommand } from "../core/model/run-command.ts";
import { fromMillis, type Instant, toMillis } from "../core/model/time.ts";
import { storeAutomation } from "../define/define.ts";
import type { Change, GatewayPorts } from "../gateway/gateway.ts";
import type { History, Writer } from "../runtime/ports.ts";
import { type Output, Table } from "../runtime/runtime.ts";
import type { ProcessGround } from "./ground.ts";

export interface Desk {
  readonly ports: GatewayPorts;
  close(): Promise<void>;
}

interface DeskOptions {
  readonly history: Pick<History, "query">;
  readonly roles: readonly string[];
}

/** Opens what the gateway needs beyond the ground: the pending runs, and a writer for definitions. */
export async function openDesk(ground: ProcessGround, { history, roles }: DeskOptions): Promise<Desk> {
  const { log, wire, ticker, report } = ground;
  const pending = await Table.open({
    log,
    topic: wire.nameOf("run-commands"),
    decode: (record) => wire.decode<RunCommand>("run-commands", record),
    ticker,
    report,
  });
  const definitions = new Definitions(ground);
  const now = (): Instant => log.now() ?? fromMillis(Date.now());
  const ports: GatewayPorts = {
    publishEvents: async (events) => {
      await log.append(events.map((event) => wire.encode(eventOutput(event))));
    },
    define: (changes) => definitions.write(changes),
    automations: () => Array.from(ground.automations.rows.values(), ({ value }) => value),
    deployments: () => Array.from(ground.deployments.rows.values(), ({ value }) => value),
    pendingRuns: () =>
      Array.from(pending.rows.values(), ({ value, written }) => ({
        command: value,
        due: dueAt(value, written),
      })).toSorted((a, b) => a.due - b.due),
    history: (sql) => history.query(sql),
    now,
    newId: () => deriveTimeId(toMillis(now()), randomUUID()),
    health: () => ({ status: "ready", roles }),
  };
  return { ports, close: () => Promise.all([pending.close(), definitions.close()]).then(() => undefined) };
}

const eventOutput = (event: Event): Output => ({
  topic: "events",
  partition: null,
  key: resourceId(event),
  value: event,
  gathers: false,
});

/** Writes definitions, all of one request or none, and waits until this process sees them itself. */
class Definitions {
  readonly #ground: ProcessGround;
  #writer: Promise<Writer> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ground: ProcessGround) {
    this.#ground = ground;
  }

  /** One request after the other: a writer has one transaction at a time. */
  write(changes: readonly Change[]): Promise<void> {
    const written = this.#last.then(() => this.#write(changes));
    this.#last = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#last;
    await (await this.#writer)?.close();
  }

  async #write(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    const { log, wire, automations, deployments } = this.#ground;
    // Every process writes under a name of its own: gateways do not fence each other.
    this.#writer ??= log.openWriter(`${wire.nameOf("gateway")}.${randomUUID()}`);
    try {
      await (await this.#writer).commit(changes.map((change) => this.#recordOf(change)));
    } catch (error) {
      this.#writer = null;
      throw error;
    }
    for (const [topic, table] of [
      ["automations", automations],
      ["deployments", deployments],
    ] as const) {
      const name = wire.nameOf(topic);
      await table.reached(0, (await log.written(name, 0)) - 1);
    }
  }

  #recordOf(change: Change) {
    const { wire } = this.#ground;
    const output = (topic: string, key: string, value: unknown) =>
      wire.encode({ topic, partition: 0, key, value, gathers: false });
    const tombstone = (topic: string, key: string) => ({
      topic: wire.nameOf(topic),
      partition: 0,
      key,
      value: null,
      headers: {},
    });
    switch (change.kind) {
      case "automation":
        return output("automations", change.automation.id, storeAutomation(change.automation));
      case "automation-deleted":
        return tombstone("automations", change.id);
      case "deployment":
        return output("deployments", change.deployment.id, change.deployment);
      case "deployment-deleted":
        return tombstone("deployments", change.id);
    }
  }
}

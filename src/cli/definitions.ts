/** Definitions in this process: automations and deployments read as one view, and written in one transaction. */
import { randomUUID } from "node:crypto";
import type { Automation } from "../core/model/automation.ts";
import { tableOf } from "../core/model/automation-table.ts";
import type { Deployment } from "../core/model/deployment.ts";
import { formatFault } from "../core/model/fault.ts";
import { readStored, type StoredAutomation, storeAutomation } from "../define/define.ts";
import type { Change, Decision } from "../gateway/gateway.ts";
import {
  type Log,
  type LogRecord,
  type NewRecord,
  type Ticker,
  Unreadable,
  type Writer,
} from "../runtime/ports.ts";
import { type CurrentTables, Table, type TableSource, type Wire } from "../runtime/runtime.ts";
import type { Variables } from "./variables.ts";

interface Options {
  readonly log: Log;
  readonly wire: Wire;
  readonly ticker: Ticker;
  readonly variables: Variables;
  readonly report: (problem: string) => void;
}

/**
 * The view that processors and the gateway share. It goes on only when both topics have been read as far as a
 * transaction over both may have written, so that no automation is ever seen without its deployment.
 */
export class Definitions implements TableSource {
  readonly #options: Options;
  readonly #automations: Table<Automation>;
  readonly #deployments: Table<Deployment>;
  #view: CurrentTables;
  #refreshing: Promise<void> = Promise.resolve();

  private constructor(options: Options, automations: Table<Automation>, deployments: Table<Deployment>) {
    this.#options = options;
    this.#automations = automations;
    this.#deployments = deployments;
    this.#view = viewOf(automations, deployments, options.variables);
  }

  /** Resolves when everything defined before is in the view. */
  static async open(options: Options): Promise<Definitions> {
    const { log, wire, ticker, report } = options;
    let opened: Definitions | null = null;
    const changed = (): void => void opened?.refreshed();
    const open = <T>(topic: string, decode: (record: LogRecord) => T): Promise<Table<T>> =>
      Table.open({ log, topic: wire.nameOf(topic), decode, ticker, report, changed });
    const automations = await open("automations", (record) => storedAutomation(wire, record));
    const deployments = await open("deployments", (record) => wire.decode<Deployment>("deployments", record));
    opened = new Definitions(options, automations, deployments);
    await opened.refreshed();
    return opened;
  }

  readonly current = (): CurrentTables => this.#view;

  readonly reached = async (offset: number): Promise<void> => {
    await this.#automations.reached(0, offset);
    await this.refreshed();
  };

  automations(): readonly Automation[] {
    return Array.from(this.#automations.rows.values(), ({ value }) => value);
  }

  deployments(): readonly Deployment[] {
    return [...this.#view.deployments.values()];
  }

  /** Resolves when everything that is written by now is in the view. */
  async caughtUp(): Promise<void> {
    const { log, wire } = this.#options;
    await this.#automations.reached(0, (await log.written(wire.nameOf("automations"), 0)) - 1);
    await this.refreshed();
  }

  /** Resolves when the view shows at least what the tables hold now. One refresh after the other. */
  refreshed(): Promise<void> {
    this.#refreshing = this.#refreshing
      .then(() => this.#refresh())
      .catch((error: unknown) => {
        this.#options.report(`definitions: ${error instanceof Error ? error.message : String(error)}`);
      });
    return this.#refreshing;
  }

  async close(): Promise<void> {
    await Promise.all([this.#automations.close(), this.#deployments.close()]);
    await this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { log, wire, variables } = this.#options;
    const version = this.#automations.version + this.#deployments.version;
    if (version === this.#view.version && this.#automations.next(0) === this.#view.reach) return;
    const seen = viewOf(this.#automations, this.#deployments, variables);
    await this.#deployments.reached(0, (await log.written(wire.nameOf("deployments"), 0)) - 1);
    this.#view = {
      ...seen,
      deployments: viewOf(this.#automations, this.#deployments, variables).deployments,
    };
  }
}

const viewOf = (
  automations: Table<Automation>,
  deployments: Table<Deployment>,
  variables: Variables,
): CurrentTables => ({
  version: automations.version + deployments.version,
  reach: automations.next(0),
  automations: tableOf(
    Array.from(automations.rows.values(), ({ value, offset }) => ({ automation: value, revision: offset })),
  ),
  deployments: new Map(Array.from(deployments.rows, ([id, row]) => [id, row.value])),
  variables,
});

function storedAutomation(wire: Wire, record: LogRecord): Automation {
  const read = readStored(wire.decode<StoredAutomation>("automations", record));
  if (!read.ok) throw new Unreadable(read.faults.map(formatFault).join("; "));
  return read.value;
}

/** Writes definitions, all of one request or none, and waits until this process sees them itself. */
export class DefinitionWriter {
  readonly #log: Log;
  readonly #wire: Wire;
  readonly #definitions: Definitions;
  #writer: Promise<Writer> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor({
    log,
    wire,
    definitions,
  }: { readonly log: Log; readonly wire: Wire; readonly definitions: Definitions }) {
    this.#log = log;
    this.#wire = wire;
    this.#definitions = definitions;
  }

  /** One request after the other: each decides on what the one before has left. */
  define<T>(decide: () => Decision<T>): Promise<T> {
    const written = this.#last.then(() => this.#define(decide));
    this.#last = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#last;
    await (await this.#writer)?.close();
  }

  async #define<T>(decide: () => Decision<T>): Promise<T> {
    await this.#definitions.caughtUp();
    const { changes, answer } = decide();
    if (changes.length > 0) {
      await this.#write(changes);
      await this.#definitions.caughtUp();
    }
    return answer;
  }

  async #write(changes: readonly Change[]): Promise<void> {
    // Every process writes under a name of its own: gateways do not fence each other.
    this.#writer ??= this.#log.openWriter(`${this.#wire.nameOf("gateway")}.${randomUUID()}`);
    const writer = this.#writer;
    try {
      await (await writer).commit(changes.map((change) => this.#recordOf(change)));
    } catch (error) {
      this.#writer = null;
      await writer.then((broken) => broken.close()).catch(() => {});
      throw error;
    }
  }

  #recordOf(change: Change): NewRecord {
    switch (change.kind) {
      case "automation":
        return this.#record("automations", change.automation.id, storeAutomation(change.automation));
      case "automation-deleted":
        return this.#tombstone("automations", change.id);
      case "deployment":
        return this.#record("deployments", change.deployment.id, change.deployment);
      case "deployment-deleted":
        return this.#tombstone("deployments", change.id);
    }
  }

  #record(topic: string, key: string, value: unknown): NewRecord {
    return this.#wire.encode({ topic, partition: 0, key, value, gathers: false });
  }

  #tombstone(topic: string, key: string): NewRecord {
    return { topic: this.#wire.nameOf(topic), partition: 0, key, value: null, headers: {} };
  }
}

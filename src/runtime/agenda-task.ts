/**
 * A task of the scheduler: one partition of the scheduling topic, held as an agenda until each command is due. The
 * topic itself is the agenda's changelog: whatever stands in it is still to be done, a tombstone says it was
 * (design.md, section 5).
 */
import type { RunCommand } from "../core/model/run-command.ts";
import type { Instant } from "../core/model/time.ts";
import type { Stage } from "../core/processor.ts";
import type { Role } from "../topology/topology.ts";
import { Chain, type Tables } from "./chain/chain.ts";
import {
  type Log,
  LogError,
  type LogRecord,
  type NewRecord,
  type Reader,
  type Ticker,
  Unreadable,
  type Writer,
} from "./ports.ts";
import { rejection } from "./rejected.ts";
import { type Restores, readBack } from "./restores.ts";
import type { Wire } from "./wire.ts";

export interface AgendaTaskOptions {
  readonly role: Role;
  readonly stages: Readonly<Record<string, Stage<unknown, unknown>>>;
  readonly partition: number;
  readonly log: Log;
  readonly wire: Wire;
  readonly ticker: Ticker;
  readonly tables: { readonly current: () => Tables };
  /** Told how the restore comes on. */
  readonly restores?: Restores;
}

/** The longest wait for new commands: the head of the agenda may be due before. */
const POLL_MS = 500;
/** A transaction ends with the instant at which so many records have gathered. */
const LEAVING = 1500;

export class AgendaTask {
  readonly #options: AgendaTaskOptions;
  readonly #chain: Chain;
  readonly #step: string;
  readonly #topic: string;
  /** What could not be read, by key, until that is written down. */
  readonly #broken = new Map<string, NewRecord>();
  /** What the log could not give, whose key nobody knows. */
  readonly #unreadable: NewRecord[] = [];
  #reader: Reader | null = null;
  #isStopping = false;

  constructor(options: AgendaTaskOptions) {
    this.#options = options;
    const { role, stages, partition } = options;
    const step = role.steps[0];
    const stage = step === undefined ? undefined : stages[step.name];
    const topic = step?.from[0];
    if (step === undefined || stage === undefined || topic === undefined) {
      throw new Error(`roles.${role.name}: expected one step that reads the scheduling topic`);
    }
    this.#step = step.name;
    this.#topic = topic;
    const steps = [{ name: step.name, stage, store: step.store, via: null }];
    this.#chain = new Chain({ partition, partitions: 1, steps, tables: options.tables.current() });
  }

  /** Works until stopped; throws LogError when the task must be built anew. */
  async run(): Promise<void> {
    const { log, role, wire, partition } = this.#options;
    const writer = await log.openWriter(`${wire.nameOf(role.name)}.${partition}`);
    try {
      const topic = wire.nameOf(this.#topic);
      // Not to the committed end: many write here, and behind the open transaction of one of them may stand the
      // tombstones of the predecessor, of runs that have left already.
      const end = await log.written(topic, partition);
      const offset = await log.start(topic, partition);
      const take = (record: LogRecord): void => {
        refuseLost(topic, partition, record);
        this.#take(record);
      };
      const isStopping = (): boolean => this.#isStopping;
      await readBack(
        log,
        { from: { topic, partition, offset }, end, take, isStopping },
        this.#options.restores,
      );
      this.#reader = await log.openReader([{ topic, partition, offset: Math.max(offset, end) }]);
      await this.#work(writer, this.#reader);
    } finally {
      await Promise.allSettled([writer.close(), this.#reader?.close()]);
    }
  }

  stop(): void {
    this.#isStopping = true;
    this.#reader?.wakeUp();
  }

  async #work(writer: Writer, reader: Reader): Promise<void> {
    while (!this.#isStopping) {
      const hasMore = await this.#sendDue(writer);
      const batches = await reader.poll(hasMore ? 0 : this.#waitMs());
      for (const batch of batches) for (const record of batch.records) this.#take(record);
    }
  }

  /** Until the head of the agenda is due, by the broker's clock. */
  #waitMs(): number {
    const due = this.#chain.nextDue();
    const now = this.#options.log.now();
    if (due === null || now === null) return POLL_MS;
    return Math.min(POLL_MS, Math.max(0, Math.ceil((due - now) / 1000)));
  }

  #take(record: LogRecord): void {
    const { wire, partition } = this.#options;
    const place = { topic: this.#topic, partition };
    if (record.unreadable !== undefined) {
      this.#unreadable.push(wire.encode(rejection(place, record, record.unreadable)));
    }
    if (record.key === null) return;
    if (record.value === null) {
      this.#chain.restore(this.#chainStore, record.key, null);
      this.#broken.delete(record.key);
      return;
    }
    try {
      const command = wire.decode<RunCommand>(this.#topic, record);
      const input = { kind: "command", command, written: record.timestamp };
      this.#chain.arrive(this.#step, record.key, input, { gathers: false, at: record.timestamp });
      // What was just read from the changelog needs not be written to it.
      this.#chain.take();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#broken.set(record.key, wire.encode(rejection(place, record, error.message)));
    }
  }

  get #chainStore(): string {
    return this.#options.role.steps[0]?.store ?? this.#step;
  }

  /** Sends on what is due, in due order, and forgets it in the same transaction; true when there is more. */
  async #sendDue(writer: Writer): Promise<boolean> {
    const now = this.#options.log.now();
    if (now === null) throw new LogError("the broker's time is not known", { retriable: true });
    const hasMore = this.#advance(now);
    const { wire } = this.#options;
    const { outputs, changes } = this.#chain.take();
    const records = [
      ...outputs.map((output) => wire.encode(output)),
      ...changes.map(({ key }) => this.#tombstone(key)),
      // Out of the topic with what could not be read, or every restart would reject it once more.
      ...Array.from(this.#broken, ([key, rejected]) => [rejected, this.#tombstone(key)]).flat(),
      ...this.#unreadable.splice(0),
    ];
    this.#broken.clear();
    if (records.length > 0) await writer.commit(records);
    return hasMore;
  }

  #tombstone(key: string): NewRecord {
    const { wire, partition } = this.#options;
    return { topic: wire.nameOf(this.#topic), partition, key, value: null, headers: {} };
  }

  #advance(now: Instant): boolean {
    this.#chain.advanceOwn(now, LEAVING);
    return this.#chain.isDueBy(now);
  }
}

/** What cannot be read may have told of runs that have left; without it they would leave again. A person has to say. */
function refuseLost(topic: string, partition: number, { unreadable }: LogRecord): void {
  if (unreadable === undefined) return;
  throw new LogError(`${topic}/${partition} is to be restored, but ${unreadable}`, { retriable: false });
}

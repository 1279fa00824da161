/** The log as one process of the simulation sees it: every request and every answer takes its time, and may be lost. */
import type { Instant } from "../../../src/core/model/time.ts";
import {
  type Appended,
  type Batch,
  type Log,
  LogError,
  type Member,
  type Membership,
  type NewRecord,
  type Position,
  type Reader,
  type Standbys,
  type TopicSpec,
  type Writer,
} from "../../../src/runtime/ports.ts";
import type { MemoryBroker } from "../../support/memory-log.ts";
import { hasMore, type Partition, readFrom } from "../../support/memory-partition.ts";
import type { Chance } from "./chance.ts";
import type { Groups } from "./groups.ts";
import type { Actor, Turns } from "./turns.ts";

/** What may go wrong with a call. */
export type Fault = "refuse" | "lose" | "abort" | "lose-answer";

export interface Surroundings {
  readonly broker: MemoryBroker;
  readonly turns: Turns;
  readonly chance: Chance;
  readonly groups: Groups;
  /** Whether this call goes wrong, and how; null for most. */
  readonly fault: (kinds: readonly Fault[]) => Fault | null;
  /** How long this request or answer is on its way, in milliseconds; 0 for most. */
  readonly delay: (actor: Actor, topic?: string) => number;
  /** Told of every writer that is opened. */
  readonly opened: (writer: string) => void;
  /** Told of every fetch that found a partition read to its end, when its reader hears of it. */
  readonly reached: (
    actor: Actor,
    place: { readonly topic: string; readonly partition: number },
    askedAt: Instant,
  ) => void;
}

function delayed(
  { broker, delay }: Surroundings,
  actor: Actor,
  topic?: string,
): { readonly notBeforeMs?: number } {
  const ms = delay(actor, topic);
  return ms > 0 ? { notBeforeMs: broker.clock.nowMs + ms } : {};
}

const failure = (message: string): LogError => new LogError(message, { retriable: true });

export class SimulatedLog implements Log {
  readonly #around: Surroundings;
  readonly #actor: Actor;
  readonly #log: Log;

  constructor(around: Surroundings, actor: Actor) {
    this.#around = around;
    this.#actor = actor;
    this.#log = around.broker.connect();
  }

  async create(topics: readonly TopicSpec[]): Promise<void> {
    await this.#ask("create", () => this.#log.create(topics));
  }

  async partitions(topic: string): Promise<number> {
    return this.#ask("partitions", () => this.#log.partitions(topic));
  }

  async end(topic: string, partition: number): Promise<number> {
    return this.#ask(`end of ${topic} ${partition}`, () => this.#log.end(topic, partition));
  }

  async written(topic: string, partition: number): Promise<number> {
    return this.#ask(`written of ${topic} ${partition}`, () => this.#log.written(topic, partition));
  }

  async start(topic: string, partition: number): Promise<number> {
    return this.#ask(`start of ${topic} ${partition}`, () => this.#log.start(topic, partition));
  }

  async append(records: readonly NewRecord[]): Promise<readonly Appended[]> {
    const fault = this.#around.fault(["refuse", "lose-answer"]);
    if (fault === "refuse") throw await this.#refusal("append");
    await this.#turn("append", true);
    const appended = await this.#log.append(records);
    await this.#turn("appended");
    if (fault === "lose-answer") throw failure("append: no answer");
    return appended;
  }

  async openWriter(name: string): Promise<Writer> {
    const writer = await this.#ask(`open writer ${name}`, () => this.#log.openWriter(name));
    this.#around.opened(name);
    let end: string | null = null;
    const commit = async (records: readonly NewRecord[]): Promise<void> => {
      if (end !== null) throw failure(`the writer ${name} has ${end}`);
      try {
        await this.#commit(name, writer, records);
      } catch (error) {
        end = "failed";
        throw error;
      }
    };
    const close = async (): Promise<void> => {
      end ??= "closed";
      await this.#turn("close writer");
    };
    return { commit, close };
  }

  /** Three ways to the broker, each of which may be the last that is heard of it: the records, the end, the answer. */
  async #commit(name: string, writer: Writer, records: readonly NewRecord[]): Promise<void> {
    const { broker, fault: faultOf } = this.#around;
    const fault = faultOf(["refuse", "lose", "abort", "lose-answer"]);
    if (fault === "refuse") throw await this.#refusal(`commit of ${name}`);
    // Told that it failed, while it is still on its way.
    if (fault === "lose") {
      void this.#transact(name, writer, records).catch(() => {});
      throw await this.#refusal(`commit of ${name}`);
    }
    if (fault === null) {
      await this.#transact(name, writer, records);
      await this.#turn(`committed ${name}`);
      return;
    }
    await this.#turn(`commit ${name}, to ${fault}`, true);
    broker.failNextCommit(name, fault);
    try {
      await writer.commit(records);
    } finally {
      await this.#turn(`failed ${name}`);
    }
  }

  async #transact(name: string, writer: Writer, records: readonly NewRecord[]): Promise<void> {
    await this.#turn(`write ${name}`, true);
    const held = this.#around.broker.holdNextCommit(name);
    const committed = writer.commit(records);
    committed.catch(() => {});
    await Promise.race([held.begun, committed]);
    await this.#turn(`commit ${name}`, true);
    held.end("commit");
    await committed;
  }

  async openReader(from: readonly Position[]): Promise<Reader> {
    return this.#ask("open reader", async () => new SimulatedReader(this.#around, this.#actor, from));
  }

  async join(
    group: string,
    topics: readonly string[],
    member: Member,
    standbys: Standbys | null = null,
  ): Promise<Membership> {
    const count = await this.#ask("join", () => this.#log.partitions(topics[0] ?? ""));
    return this.#around.groups.join(this.#actor, { group, count, member, copies: standbys?.count ?? 0 });
  }

  now(): Instant | null {
    return this.#around.broker.now();
  }

  async close(): Promise<void> {
    await this.#log.close();
  }

  async #ask<T>(what: string, answer: () => Promise<T>): Promise<T> {
    if (this.#around.fault(["refuse"]) !== null) throw await this.#refusal(what);
    await this.#turn(what, true);
    const told = await answer();
    await this.#turn(`answer to ${what}`);
    return told;
  }

  async #refusal(what: string): Promise<LogError> {
    await this.#turn(`no ${what}`);
    return failure(`${what}: the broker is away`);
  }

  #turn(what: string, isSent = false): Promise<void> {
    return this.#around.turns.take(this.#actor, what, { isSent, ...delayed(this.#around, this.#actor) });
  }
}

class SimulatedReader implements Reader {
  readonly #around: Surroundings;
  readonly #actor: Actor;
  readonly #cursors: { readonly partition: Partition; offset: number }[];
  #isWoken = false;
  #isClosed = false;

  constructor(around: Surroundings, actor: Actor, from: readonly Position[]) {
    this.#around = around;
    this.#actor = actor;
    this.#cursors = from.map(({ topic, partition, offset }) => ({
      partition: around.broker.partition(topic, partition),
      offset,
    }));
  }

  /** A fetch tells the time at which it was sent, however long it took; from some partitions it may bring nothing yet. */
  async poll(waitMs: number): Promise<readonly Batch[]> {
    const { broker, turns, fault, chance, reached } = this.#around;
    if (this.#isClosed) throw failure("the reader is closed");
    if (fault(["refuse"]) !== null) {
      await turns.take(this.#actor, "no fetch");
      throw failure("fetch: the broker is away");
    }
    const sentAt = broker.now();
    const isReady = (): boolean => this.#isWoken || this.#isClosed || this.#cursors.some(hasMore);
    await turns.take(this.#actor, "fetch", { dueMs: broker.clock.nowMs + waitMs, isReady });
    this.#isWoken = false;
    const chosen = chance.shuffled(this.#cursors).filter(() => !chance.isTrue(0.15));
    const batches = chosen.map((cursor) => this.#read(cursor, sentAt));
    await turns.take(
      this.#actor,
      "fetched",
      delayed(this.#around, this.#actor, this.#cursors[0]?.partition.topic),
    );
    if (this.#isClosed) return [];
    for (const batch of batches) if (batch.isAtEnd && sentAt !== null) reached(this.#actor, batch, sentAt);
    return batches;
  }

  wakeUp(): void {
    this.#isWoken = true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #read(cursor: { readonly partition: Partition; offset: number }, sentAt: Instant | null): Batch {
    const { chance } = this.#around;
    const batch = readFrom(cursor, chance.isTrue(0.3) ? 1 + chance.below(3) : 100, sentAt);
    cursor.offset = batch.nextOffset;
    return batch;
  }
}

/** The log on Kafka: the port of runtime/ports.ts, on a patched kafkajs that no one outside this folder sees. */
import type { Instant } from "../../core/model/time.ts";
import {
  type Appended,
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
} from "../../runtime/ports.ts";
import { Appender } from "./appender.ts";
import { Client, type KafkaSettings } from "./client.ts";
import { BrokerClock } from "./clock.ts";
import { noBrokerAnswers } from "./connections.ts";
import { asLogError, isUnreached } from "./faults.ts";
import { join } from "./membership/membership.ts";
import { Offsets } from "./offsets.ts";
import { Placing } from "./placing.ts";
import { KafkaReader } from "./reader/reader.ts";
import { createTopics } from "./topics.ts";
import { KafkaWriter } from "./writer.ts";

/** Opens the log; resolves when the brokers have answered and their clock is known. */
export async function openKafkaLog(settings: KafkaSettings): Promise<Log> {
  const log = new KafkaLog(new Client(settings));
  try {
    await log.ready();
  } catch (fault) {
    await log.close();
    throw whyNotOpen(settings.brokers, fault);
  }
  return log;
}

function whyNotOpen(brokers: readonly string[], fault: unknown): LogError {
  const where = isUnreached(fault)
    ? noBrokerAnswers(brokers)
    : `the log at ${brokers.join(",")} (KAFKA_BROKERS) cannot be opened`;
  const { message, retriable } = asLogError("connecting", fault);
  return new LogError(`${where}: ${message}`, { retriable, cause: fault });
}

const CLOCK_KEPT_MS = 3_600_000;

class KafkaLog implements Log {
  readonly #client: Client;
  readonly #offsets: Offsets;
  readonly #appender: Appender;
  readonly #clock: BrokerClock;
  readonly #open = new Set<{ close(): Promise<void> }>();
  readonly #placing: Placing;
  #isClosed = false;

  constructor(client: Client) {
    const { clockTopic } = client.settings;
    this.#client = client;
    this.#offsets = new Offsets(client);
    this.#appender = new Appender(client);
    this.#placing = new Placing((topic) => this.partitions(topic));
    this.#clock = new BrokerClock(this.#appender, clockTopic, client.warn);
  }

  async ready(): Promise<void> {
    await this.create([
      { name: this.#client.settings.clockTopic, partitions: 1, keep: { ms: CLOCK_KEPT_MS } },
    ]);
    await this.#clock.start();
    this.#client.reach.speak();
  }

  async create(topics: readonly TopicSpec[]): Promise<void> {
    await createTopics(this.#client, topics);
  }

  async partitions(topic: string): Promise<number> {
    return this.#offsets.partitions(topic);
  }

  async openWriter(name: string): Promise<Writer> {
    this.#refuseIfClosed();
    const sight = {
      place: (records: readonly NewRecord[]) => this.#placing.of(records),
      committed: (topic: string, partition: number, before: number) => {
        this.#offsets.committed(topic, partition, before);
      },
    };
    return this.#keep(await KafkaWriter.open(this.#client, name, sight));
  }

  async append(records: readonly NewRecord[]): Promise<readonly Appended[]> {
    this.#refuseIfClosed();
    if (records.length === 0) return [];
    return this.#appender.append(await this.#placing.of(records));
  }

  async openReader(from: readonly Position[]): Promise<Reader> {
    this.#refuseIfClosed();
    for (const topic of new Set(from.map((position) => position.topic))) await this.partitions(topic);
    return this.#keep(new KafkaReader(this.#client, from, () => this.now()));
  }

  async end(topic: string, partition: number): Promise<number> {
    return this.#offsets.end(topic, partition);
  }

  async written(topic: string, partition: number): Promise<number> {
    return this.#offsets.written(topic, partition);
  }

  async start(topic: string, partition: number): Promise<number> {
    return this.#offsets.start(topic, partition);
  }

  async join(
    group: string,
    topics: readonly string[],
    member: Member,
    standbys: Standbys | null = null,
  ): Promise<Membership> {
    this.#refuseIfClosed();
    const counts = new Map<string, number>();
    for (const topic of topics) counts.set(topic, await this.partitions(topic));
    if (new Set(counts.values()).size > 1) {
      const told = [...counts].map(([topic, count]) => `${topic} has ${count}`).join(", ");
      throw new LogError(`a group shares topics of one partition count, but ${told}`, { retriable: false });
    }
    const membership = await join(this.#client, { group, topics: counts, standbys, member });
    const kept = this.#keep({ close: () => membership.leave() });
    return { leave: () => kept.close(), refresh: () => membership.refresh() };
  }

  now(): Instant | null {
    return this.#clock.now();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#clock.stop();
    await Promise.all([...this.#open].map((each) => each.close()));
    await this.#appender.close();
    await this.#offsets.close();
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new LogError("the log is closed", { retriable: true });
  }

  /** Closed with the log, if not before. */
  #keep<Part extends { close(): Promise<void> }>(part: Part): Part {
    const close = part.close.bind(part);
    part.close = async () => {
      this.#open.delete(part);
      await close();
    };
    this.#open.add(part);
    return part;
  }
}

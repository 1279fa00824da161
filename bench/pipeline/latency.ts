/** How long it takes from an event's being produced to its run's being due, beside one hop through the broker. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Message, Producer } from "kafkajs";
import { seconds } from "../../src/core/model/time.ts";
import { openKafkaLog } from "../../src/edges/kafka/kafka.ts";
import { kafkajs } from "../../src/edges/kafka/patches/patches.ts";
import { partitionOf } from "../../src/runtime/partitioner.ts";
import type { Log, Reader } from "../../src/runtime/ports.ts";
import { automation, eventTrigger } from "../core/automations.ts";
import { Sender } from "../core/sent.ts";
import { define, type Stand, startRoles } from "./contestants.ts";

/** Milliseconds of each event followed. */
export interface Latencies {
  readonly hop: readonly number[];
  readonly due: readonly number[];
}

/** One event in so many makes something run, and is followed. */
const FOLLOWED = 10;
const TICK_MS = 5;
const SETTLE_MS = 2_000;
const POLL_MS = 100;

/** Both ways in turn, a few seconds each; the first turns do not count. */
export async function measureLatency(stand: Stand): Promise<Latencies> {
  const { broker, prefix, settings } = stand;
  const trigger = eventTrigger(randomUUID(), { expect: ["seen"], within: seconds(0) });
  const runs = { ...automation(trigger, { host: "{{ event.resource.id }}" }), id: randomUUID() };
  const environment = await define(stand, [runs]);
  await broker.create(`${prefix}.hop`, settings.partitions);
  const child = await startRoles(["evaluator", "scheduler"], environment, settings);
  const log = await openKafkaLog({
    brokers: broker.brokers,
    clientId: "latency",
    clockTopic: `${prefix}.latency`,
  });
  const producer = await connect(broker.brokers);
  const ways = [
    await Way.open({ log, producer, topic: `${prefix}.hop`, seen: `${prefix}.hop` }),
    await Way.open({ log, producer, topic: `${prefix}.events`, seen: `${prefix}.due-runs` }),
  ];
  const found: number[][] = [[], []];
  for (let round = 0; round < settings.warmUp + settings.rounds; round++) {
    for (const [i, way] of ways.entries()) {
      const latencies = await way.run(settings.rate, settings.seconds);
      if (round >= settings.warmUp) found[i]?.push(...latencies);
    }
  }
  for (const way of ways) await way.close();
  await producer.disconnect();
  await log.close();
  await child.stop();
  await broker.remove(prefix);
  return { hop: found[0] ?? [], due: found[1] ?? [] };
}

async function connect(brokers: readonly string[]): Promise<Producer> {
  const { Kafka, logLevel, Partitioners } = kafkajs();
  const kafka = new Kafka({ brokers: [...brokers], clientId: "sender", logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return producer;
}

interface Ends {
  readonly log: Log;
  readonly producer: Producer;
  /** Where events are produced, and where what comes of them is looked for. */
  readonly topic: string;
  readonly seen: string;
}

/** A way from one topic to another, of which the time is taken. */
class Way {
  readonly #ends: Ends;
  readonly #reader: Reader;
  readonly #partitions: number;
  readonly #sender = new Sender();
  /** When those under way were produced, by their resource. */
  readonly #sentAt = new Map<string, number>();
  #sent = 0;

  private constructor(ends: Ends, reader: Reader, partitions: number) {
    this.#ends = ends;
    this.#reader = reader;
    this.#partitions = partitions;
  }

  static async open(ends: Ends): Promise<Way> {
    const { log, seen, topic } = ends;
    const count = await log.partitions(seen);
    const from = Array.from({ length: count }, (_, partition) => ({ topic: seen, partition, offset: 0 }));
    return new Way(ends, await log.openReader(from), await log.partitions(topic));
  }

  /** Produces at this rate for so long; gives the latencies of those that were followed, once all have come. */
  async run(rate: number, forSeconds: number): Promise<readonly number[]> {
    const latencies: number[] = [];
    const producing = this.#produce(rate, forSeconds);
    let isProduced = false;
    void producing.finally(() => {
      isProduced = true;
    });
    while (!isProduced || this.#sentAt.size > 0) latencies.push(...(await this.#look()));
    await producing;
    await pause(SETTLE_MS);
    return latencies;
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #produce(rate: number, forSeconds: number): Promise<void> {
    const { producer, topic } = this.#ends;
    const started = performance.now();
    const sends: Promise<unknown>[] = [];
    for (let done = 0; done < rate * forSeconds; ) {
      const due = Math.min(rate * forSeconds, Math.floor(((performance.now() - started) * rate) / 1000));
      const messages = Array.from({ length: due - done }, () => this.#next());
      if (messages.length > 0) sends.push(producer.send({ topic, messages }));
      done = due;
      await pause(TICK_MS);
    }
    await Promise.all(sends);
  }

  #next(): Message {
    this.#sent += 1;
    const resource = `host.${this.#sent}`;
    const isFollowed = this.#sent % FOLLOWED === 0;
    const { text } = this.#sender.send({ at: Date.now(), name: isFollowed ? "seen" : "looked", resource });
    if (isFollowed) this.#sentAt.set(resource, performance.now());
    return { key: resource, value: text, partition: partitionOf(resource, this.#partitions) };
  }

  async #look(): Promise<readonly number[]> {
    const batches = await this.#reader.poll(POLL_MS);
    const now = performance.now();
    return batches.flatMap(({ records }) =>
      records.flatMap(({ value }) => {
        const resource = HOST.exec(utf8.decode(value ?? new Uint8Array(0)))?.[1] ?? "";
        const sentAt = this.#sentAt.get(resource);
        if (sentAt === undefined) return [];
        this.#sentAt.delete(resource);
        return [now - sentAt];
      }),
    );
  }
}

const utf8 = new TextDecoder();
/** In a run's parameters, or on an event itself. */
const HOST = /"(?:host|prefect\.resource\.id)":"(host\.\d+)"/;

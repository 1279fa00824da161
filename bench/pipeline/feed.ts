/**
 * Writes events in a transaction that stays open until the clock runs: nobody sees any of them before, everybody sees
 * all of them after, and neither the producer's work nor the start of a contestant is measured.
 */
import type { Producer, Transaction } from "kafkajs";
import { kafkajs } from "../../src/edges/kafka/patches/patches.ts";
import type { Sending } from "./workload.ts";

const SEND_RECORDS = 2_000;
/** As long as the broker lets a transaction last. */
const OPEN_MS = 900_000;

export class Feed {
  readonly #topic: string;
  readonly #producer: Producer;
  #open: Transaction | null = null;

  private constructor(topic: string, producer: Producer) {
    this.#topic = topic;
    this.#producer = producer;
  }

  static async open(brokers: readonly string[], topic: string): Promise<Feed> {
    const { Kafka, logLevel, Partitioners } = kafkajs();
    const retry = { initialRetryTime: 5, multiplier: 1.2, maxRetryTime: 200, retries: 60 };
    const kafka = new Kafka({ brokers: [...brokers], clientId: "feed", logLevel: logLevel.NOTHING, retry });
    const producer = kafka.producer({
      transactionalId: `${topic}.feed`,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: OPEN_MS,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry,
    });
    await producer.connect();
    return new Feed(topic, producer);
  }

  async load(sendings: readonly Sending[]): Promise<void> {
    this.#open = await this.#producer.transaction();
    for (let from = 0; from < sendings.length; from += SEND_RECORDS) {
      await this.#open.send({ topic: this.#topic, messages: sendings.slice(from, from + SEND_RECORDS) });
    }
  }

  async release(): Promise<void> {
    await this.#open?.commit();
    this.#open = null;
  }

  async close(): Promise<void> {
    await this.#open?.abort();
    await this.#producer.disconnect();
  }
}

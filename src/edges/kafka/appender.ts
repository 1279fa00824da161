/**
 * Appends outside transactions, idempotently. Appends to one topic that come while a send is under way go together in
 * the next, so that many small ones cost little. After an error its producer is thrown away, for a new one with a new id.
 */
import type { Producer } from "kafkajs";
import { fromMillis } from "../../core/model/time.ts";
import { type Appended, LogError } from "../../runtime/ports.ts";
import { abandon, type Client, type Cluster, patiently } from "./client.ts";
import { within } from "./deadline.ts";
import { asLogError } from "./faults.ts";
import type { Placed } from "./placing.ts";
import { byTopic, sends } from "./writer.ts";

interface Waiting {
  readonly records: readonly Placed[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (fault: unknown) => void;
}

/** What is connected, or is being. */
interface Open {
  readonly cluster: Cluster;
  readonly producer: Producer;
  readonly connected: Promise<void>;
  written: number;
}

export class Appender {
  readonly #client: Client;
  readonly #waiting: Waiting[] = [];
  #sending: Promise<void> | null = null;
  #isClosed = false;
  #isCut = false;
  #open: Open | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Resolves when all of them are acknowledged by every broker in sync. */
  append(records: readonly Placed[]): Promise<readonly Appended[]> {
    if (this.#isClosed) return Promise.reject(new LogError("the log is closed", { retriable: true }));
    const { promise, resolve, reject } = Promise.withResolvers<readonly Appended[]>();
    const waiting = { records, resolve, reject };
    this.#waiting.push(waiting);
    this.#sending ??= this.#sendAll();
    return within(this.#client.patienceMs, "appending", promise).finally(() => this.#withdraw(waiting));
  }

  /** Whoever was told that it failed is not to have it sent after all, as far as that can be helped. */
  #withdraw(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Sends what waits, as long as somebody answers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#sending !== null) await patiently(this.#sending);
    this.#isCut = true;
    await this.#forget();
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting.splice(0, alikeAtHead(this.#waiting));
      try {
        const records = waiting.flatMap((each) => each.records);
        const appended = await within(this.#client.patienceMs, "appending", this.#send(records));
        let from = 0;
        for (const each of waiting) {
          each.resolve(appended.slice(from, from + each.records.length));
          from += each.records.length;
        }
      } catch (fault) {
        void this.#forget();
        const error = asLogError("appending", fault);
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#sending = null;
  }

  async #send(records: readonly Placed[]): Promise<readonly Appended[]> {
    const written = (this.#open?.written ?? 0) + records.length;
    if (written > this.#client.recordsPerProducerMax) void this.#forget();
    if (this.#isCut) throw new LogError("the log is closed", { retriable: true });
    this.#open ??= this.#connect();
    this.#open.written += records.length;
    const { producer, connected } = this.#open;
    await connected;
    const appended: Appended[] = [];
    for (const part of sends(records)) appended.push(...(await send(producer, part)));
    return appended;
  }

  #connect(): Open {
    const cluster = this.#client.cluster({ maxInFlightRequests: 1 });
    const producer = this.#client.producer(cluster, { idempotent: true });
    return { cluster, producer, connected: producer.connect(), written: 0 };
  }

  async #forget(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open !== null) await abandon(open.cluster);
  }
}

/** How many of the first append to the same one topic; what a broker refuses in another topic is no business of theirs. */
function alikeAtHead(waiting: readonly Waiting[]): number {
  const only = (each: Waiting | undefined): string | null => {
    const topics = new Set(each?.records.map(({ topic }) => topic));
    const [topic] = topics;
    return topics.size === 1 && topic !== undefined ? topic : null;
  };
  const first = only(waiting[0]);
  const other = first === null ? 1 : waiting.findIndex((each) => only(each) !== first);
  return other < 0 ? waiting.length : other;
}

/** The broker answers with the first offset of each partition; the records of one stand in the order sent. */
async function send(producer: Producer, records: readonly Placed[]): Promise<readonly Appended[]> {
  const sentMs = Date.now();
  const topicMessages = byTopic(records);
  for (const { messages } of topicMessages)
    for (const message of messages) message.timestamp = String(sentMs);
  const told = await producer.sendBatch({ topicMessages });

  const next = new Map<string, { offset: number; timeMs: number }>();
  for (const { topicName, partition, baseOffset, logAppendTime } of told) {
    // A topic that keeps the sender's time answers -1.
    const appendedMs = Number(logAppendTime ?? -1);
    next.set(`${topicName}/${partition}`, {
      offset: Number(baseOffset),
      timeMs: appendedMs < 0 ? sentMs : appendedMs,
    });
  }
  return records.map(({ topic, partition }) => {
    const place = next.get(`${topic}/${partition}`);
    if (place === undefined)
      throw new Error(`the broker did not say where it put records of ${topic}/${partition}`);
    return { topic, partition, offset: place.offset++, timestamp: fromMillis(place.timeMs) };
  });
}

/**
 * A task's own writer: a transactional producer by the writer's name. Opening it fences its predecessor. It is
 * fail-stop: after any error, whatever it was, it never writes again, because the protocol leaves it in doubt what a
 * late answer belonged to; a new writer of the name, with a new epoch, settles that.
 */
import type { Message, Producer } from "kafkajs";
import { LogError, type NewRecord, type Writer } from "../../runtime/ports.ts";
import { abandon, type Broker, type Client, type Cluster, TRANSACTION_COORDINATOR } from "./client.ts";
import { within } from "./deadline.ts";
import { asLogError, isOfType } from "./faults.ts";
import type { Placed } from "./placing.ts";

/** What a writer needs of the log it writes to. */
interface Surroundings {
  /** Finds the partitions of records. */
  readonly place: (records: readonly NewRecord[]) => Promise<readonly Placed[]>;
  /** Told of each partition, after a commit, that there are committed records before this offset. */
  readonly committed: (topic: string, partition: number, before: number) => void;
}

const SEND_RECORDS_MAX = 1_000;
const SEND_BYTES_MAX = 1024 * 1024;

export class KafkaWriter implements Writer {
  readonly #name: string;
  readonly #cluster: Cluster;
  readonly #producer: Producer;
  readonly #log: Surroundings;
  readonly #limits: Limits;
  #written = 0;
  #dead: LogError | null = null;

  /** Resolves when every earlier writer of this name is fenced, and what it had left open is settled. */
  static async open(client: Client, name: string, log: Surroundings): Promise<KafkaWriter> {
    const cluster = client.cluster({ maxInFlightRequests: 1 });
    keepCoordinator(cluster);
    const producer = client.producer(cluster, { transactionalId: name, idempotent: false });
    const doing = `opening the writer ${name}`;
    try {
      await within(client.patienceMs, doing, begin(producer));
    } catch (fault) {
      await abandon(cluster);
      throw asLogError(doing, fault);
    }
    return new KafkaWriter({ name, cluster, producer, log, limits: client });
  }

  private constructor(parts: Parts) {
    this.#limits = parts.limits;
    this.#name = parts.name;
    this.#cluster = parts.cluster;
    this.#producer = parts.producer;
    this.#log = parts.log;
  }

  async commit(records: readonly NewRecord[]): Promise<void> {
    if (this.#dead !== null) throw this.#dead;
    if (records.length === 0) return;
    const doing = `the writer ${this.#name} has failed`;
    try {
      const placed = await this.#log.place(records);
      this.#written += records.length;
      if (this.#written > this.#limits.recordsPerProducerMax) {
        throw new Error("it has written its share and is to be opened anew");
      }
      await within(this.#limits.patienceMs, doing, this.#transact(placed));
    } catch (fault) {
      this.#dead = asLogError(doing, fault);
      void abandon(this.#cluster);
      throw this.#dead;
    }
  }

  async #transact(records: readonly Placed[]): Promise<void> {
    const transaction = await this.#producer.transaction();
    const sent: { topic: string; partition: number; before: number }[] = [];
    for (const part of sends(records)) {
      const topicMessages = byTopic(part);
      const counts = Map.groupBy(part, ({ topic, partition }) => `${topic}/${partition}`);
      for (const { topicName: topic, partition, baseOffset } of await transaction.sendBatch({
        topicMessages,
      })) {
        const count = counts.get(`${topic}/${partition}`)?.length ?? 0;
        sent.push({ topic, partition, before: Number(baseOffset) + count });
      }
    }
    await transaction.commit();
    for (const { topic, partition, before } of sent) this.#log.committed(topic, partition, before);
  }

  async close(): Promise<void> {
    this.#dead ??= new LogError(`the writer ${this.#name} is closed`, { retriable: true });
    await abandon(this.#cluster);
  }
}

type Limits = Pick<Client, "patienceMs" | "recordsPerProducerMax">;

interface Parts {
  readonly name: string;
  readonly cluster: Cluster;
  readonly producer: Producer;
  readonly log: Surroundings;
  readonly limits: Limits;
}

async function begin(producer: Producer): Promise<void> {
  await producer.connect();
  // With nothing in it, this is InitProducerId and no more.
  await (await producer.transaction()).abort();
}

/** In parts that are neither too many records nor too many bytes, in order. */
export function sends<Record extends NewRecord>(records: readonly Record[]): readonly (readonly Record[])[] {
  const parts: Record[][] = [];
  let part: Record[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = (record.value?.length ?? 0) + (record.key?.length ?? 0);
    if (part.length === SEND_RECORDS_MAX || (part.length > 0 && bytes + size > SEND_BYTES_MAX)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

export function byTopic(records: readonly Placed[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, partition, key, value, headers } of records) {
    const messages = topics.get(topic) ?? [];
    topics.set(topic, messages);
    messages.push({
      partition,
      key,
      value: value === null ? null : asBuffer(value),
      headers: { ...headers },
    });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What a transaction asks of its coordinator. */
type Coordinator = Pick<Broker, "addPartitionsToTxn" | "endTxn" | "initProducerId">;

/** Remembers the coordinator of the transactions until it refuses what it is asked; kafkajs looks for it several times in each (K8). */
function keepCoordinator(cluster: Cluster): void {
  const find = cluster.findGroupCoordinator.bind(cluster);
  let kept: { broker: Broker; coordinator: Broker } | null = null;

  const forgetting =
    <Asked, Told>(ask: (asked: Asked) => Promise<Told>) =>
    (asked: Asked) =>
      ask(asked).catch((fault: unknown) => {
        // Busy with the transaction before, it is the coordinator all the same.
        if (!isOfType(fault, "CONCURRENT_TRANSACTIONS")) kept = null;
        throw fault;
      });

  cluster.findGroupCoordinator = async (asked) => {
    if (asked.coordinatorType !== TRANSACTION_COORDINATOR) return find(asked);
    if (kept?.broker.isConnected() === true) return kept.coordinator;
    const broker = await find(asked);
    const careful: Coordinator = {
      addPartitionsToTxn: forgetting((what) => broker.addPartitionsToTxn(what)),
      endTxn: forgetting((what) => broker.endTxn(what)),
      initProducerId: forgetting((what) => broker.initProducerId(what)),
    };
    const coordinator: Broker = Object.assign(Object.create(broker), careful);
    kept = { broker, coordinator };
    return coordinator;
  };
}

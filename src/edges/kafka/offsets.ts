/** Where a partition begins and ends, and how many partitions there are. */
import { setTimeout as after } from "node:timers/promises";
import { LogError } from "../../runtime/ports.ts";
import {
  abandon,
  type Client,
  type Cluster,
  READ_COMMITTED,
  READ_UNCOMMITTED,
  TRANSACTION_TIMEOUT_MS,
} from "./client.ts";
import { within } from "./deadline.ts";
import { asLogError, isOfType } from "./faults.ts";

export interface Edge {
  readonly topic: string;
  readonly partition: number;
  /** Its first record still kept, or the place after its last that the cluster's isolation level shows. */
  readonly at: "start" | "end";
}

/** Questions about what is not committed yet go by a cluster of their own: kafkajs asks as its cluster is set. */
type Isolation = typeof READ_COMMITTED | typeof READ_UNCOMMITTED;

export async function offsetOf(cluster: Cluster, { topic, partition, at }: Edge): Promise<number> {
  const asked = { topic, partitions: [{ partition }], fromBeginning: at === "start" };
  const [told] = await cluster.fetchTopicsOffset([asked]);
  const offset = told?.partitions.find((each) => each.partition === partition)?.offset;
  if (offset === undefined) throw new LogError(`${topic}/${partition} has no leader`, { retriable: true });
  return Number(offset);
}

const TRIES = 5;
const LOOK_AGAIN_MS = 2;
/** Before the second try; twice as long before each that follows. */
const PAUSE_MS = 50;

/** A cluster that is connected, or is being. */
interface Line {
  readonly cluster: Cluster;
  readonly connected: Promise<void>;
  /** Questions under way. */
  asking: number;
  isDropped: boolean;
}

async function answer<Told>(
  { cluster, connected }: Line,
  topic: string,
  question: (cluster: Cluster) => Promise<Told>,
): Promise<Told> {
  await connected;
  await cluster.addMultipleTargetTopics([topic]);
  return question(cluster);
}

/** Asks brokers about topics, on connections kept for it; what fails is asked again on new ones. */
export class Offsets {
  readonly #client: Pick<Client, "cluster" | "patienceMs">;
  readonly #counts = new Map<string, number>();
  readonly #committed = new Map<string, number>();
  readonly #lines = new Map<Isolation, Line>();
  #isClosed = false;

  constructor(client: Pick<Client, "cluster" | "patienceMs">) {
    this.#client = client;
  }

  /** Our own writers have committed records before this offset. */
  committed(topic: string, partition: number, before: number): void {
    this.#committed.set(`${topic}/${partition}`, before);
  }

  /** A broker acknowledges a commit some milliseconds before it shows it: the end waits for what we were promised. */
  async end(topic: string, partition: number): Promise<number> {
    const latest = performance.now() + TRANSACTION_TIMEOUT_MS;
    for (;;) {
      const promised = this.#committed.get(`${topic}/${partition}`) ?? 0;
      const end = await this.#of({ topic, partition, at: "end" });
      // Longer than that it can only be the open transaction of somebody else.
      if (end >= promised || performance.now() > latest) return end;
      await after(LOOK_AGAIN_MS);
    }
  }

  async written(topic: string, partition: number): Promise<number> {
    return this.#of({ topic, partition, at: "end" }, READ_UNCOMMITTED);
  }

  async start(topic: string, partition: number): Promise<number> {
    return this.#of({ topic, partition, at: "start" });
  }

  /** Remembered: the count of a topic is chosen once. */
  async partitions(topic: string): Promise<number> {
    const known = this.#counts.get(topic);
    if (known !== undefined) return known;
    const count = await this.#ask(topic, async (cluster) => cluster.findTopicPartitionMetadata(topic).length);
    this.#counts.set(topic, count);
    return count;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    await Promise.all(lines.map(({ cluster }) => abandon(cluster)));
  }

  async #of(edge: Edge, isolation: Isolation = READ_COMMITTED): Promise<number> {
    const question = (cluster: Cluster): Promise<number> => {
      const known = cluster.findTopicPartitionMetadata(edge.topic);
      if (known.some(({ partitionId }) => partitionId === edge.partition)) return offsetOf(cluster, edge);
      throw new LogError(`${edge.topic} has no partition ${edge.partition}`, { retriable: false });
    };
    return this.#ask(edge.topic, question, isolation);
  }

  async #ask<Told>(
    topic: string,
    question: (cluster: Cluster) => Promise<Told>,
    isolation: Isolation = READ_COMMITTED,
  ): Promise<Told> {
    const latest = performance.now() + this.#client.patienceMs;
    const doing = `asking about ${topic}`;
    for (let tried = 1; ; tried++) {
      if (this.#isClosed) throw new LogError("the log is closed", { retriable: true });
      const line = this.#lineFor(isolation);
      line.asking += 1;
      try {
        return await within(this.#client.patienceMs / 3, doing, answer(line, topic, question));
      } catch (fault) {
        if (isOfType(fault, "UNKNOWN_TOPIC_OR_PARTITION")) {
          throw new LogError(`there is no topic ${topic}`, { retriable: true, cause: fault });
        }
        const told = asLogError(doing, fault);
        if (!told.retriable) throw told;
        line.isDropped = true;
        if (this.#lines.get(isolation) === line) this.#lines.delete(isolation);
        if (tried === TRIES || performance.now() > latest) throw told;
      } finally {
        line.asking -= 1;
        // Not before: others may be asking by it, and may have their answers yet.
        if (line.isDropped && line.asking === 0) void abandon(line.cluster);
      }
      await after(PAUSE_MS * 2 ** (tried - 1));
    }
  }

  #lineFor(isolationLevel: Isolation): Line {
    const open = this.#lines.get(isolationLevel) ?? this.#connect(isolationLevel);
    this.#lines.set(isolationLevel, open);
    return open;
  }

  #connect(isolationLevel: Isolation): Line {
    const cluster = this.#client.cluster({ maxInFlightRequests: null, isolationLevel });
    return { cluster, connected: cluster.connect(), asking: 0, isDropped: false };
  }
}

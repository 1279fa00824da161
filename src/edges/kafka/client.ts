/** The client as this edge uses it: clusters of its own beside the public API, and quiet unless something is wrong. */
import type { Kafka, KafkaConfig, LogEntry, Logger, Producer, RetryOptions } from "kafkajs";
import { inside, kafkajs } from "./patches/patches.ts";

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** A topic of one partition by which the broker's clock is told; created if it is missing. */
  readonly clockTopic: string;
  /** How many brokers hold each partition of a topic created here; at most three, as many as there are, if not given. */
  readonly replicationFactor?: number;
  /** After how long without a sign a member of a group is taken for dead. */
  readonly sessionTimeoutMs?: number;
  readonly ssl?: KafkaConfig["ssl"];
  readonly sasl?: KafkaConfig["sasl"];
  /** Told what the client has to say when something is not as it should be. */
  readonly warn?: (text: string) => void;
}

/** kafkajs' own cluster, which it keeps to itself; the package is frozen, so the shape is stable. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[];
  findBroker(asked: { nodeId: string }): Promise<Broker>;
  findGroupCoordinator(asked: { groupId: string; coordinatorType?: number }): Promise<Broker>;
  fetchTopicsOffset(topics: readonly OffsetsAsked[]): Promise<readonly OffsetsTold[]>;
  readonly brokerPool: {
    readonly seedBroker?: Broker;
    readonly brokers: Readonly<Record<string, Broker>>;
    readonly metadata: { readonly brokers: readonly unknown[] } | null;
  };
  /** kafkajs reads the patience of its producers here, and never sets it. */
  retry?: RetryOptions;
}

interface OffsetsAsked {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number }[];
  readonly fromBeginning: boolean;
}

interface OffsetsTold {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}

export interface Broker {
  isConnected(): boolean;
  addPartitionsToTxn(asked: unknown): Promise<unknown>;
  endTxn(asked: unknown): Promise<unknown>;
  initProducerId(asked: unknown): Promise<unknown>;
  readonly connectionPool: {
    send<Told>(exchange: Exchange<Told>): Promise<Told>;
    readonly pool: readonly { rejectRequests(error: Error): void }[];
  };
}

/** A request and how to read the answer to it. */
interface Exchange<Told> {
  readonly request: unknown;
  readonly response: { decode(payload: Buffer): Promise<Told>; parse(told: Told): Promise<Told> };
  readonly requestTimeout: number;
}

export const READ_COMMITTED = 1;
export const READ_UNCOMMITTED = 0;
export const TRANSACTION_COORDINATOR = 1;

/** Long enough for a busy machine; kafkajs gives up a connection after one second. */
const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
const METADATA_MAX_AGE_MS = 300_000;

/**
 * Short at first, because a broker that has just ended one transaction refuses the next for some milliseconds (K4), and
 * nine seconds in all, less than a transaction may last.
 */
const PATIENCE: RetryOptions = {
  initialRetryTime: 5,
  multiplier: 1.2,
  maxRetryTime: 200,
  retries: 60,
};

/** For whoever waits at the start; some three seconds. */
const START_PATIENCE: RetryOptions = { ...PATIENCE, retries: 30 };

export class Client {
  readonly settings: KafkaSettings;
  readonly kafka: Kafka;
  readonly #socketFactory = inside<() => unknown>("network/socketFactory")();

  constructor(settings: KafkaSettings) {
    this.settings = settings;
    this.kafka = new (kafkajs().Kafka)({
      ...this.#connection(),
      ...quiet(settings.warn),
      retry: START_PATIENCE,
    });
  }

  /** A cluster with connections of its own: one at a time fetches from a broker without holding up the others. */
  cluster(options: {
    readonly maxInFlightRequests: number | null;
    readonly isolationLevel?: number;
  }): Cluster {
    const Cluster = inside<new (options: unknown) => Cluster>("cluster");
    const cluster = new Cluster({
      isolationLevel: READ_COMMITTED,
      ...this.#connection(),
      ...options,
      retry: { ...PATIENCE, retries: 5 },
      logger: this.logger(),
      socketFactory: this.#socketFactory,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      offsets: new Map(),
    });
    cluster.retry = PATIENCE;
    return cluster;
  }

  /** A producer on a given cluster, which knows the partition of every message. */
  producer(cluster: Cluster, options: { readonly transactionalId?: string; readonly idempotent: boolean }) {
    const create = inside<(options: unknown) => Producer>("producer");
    return create({
      ...options,
      cluster,
      logger: this.logger(),
      retry: PATIENCE,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      createPartitioner:
        () =>
        ({ message }: { message: { partition: number } }) =>
          message.partition,
    });
  }

  logger(): Logger {
    return this.kafka.logger();
  }

  #connection() {
    const { brokers, clientId, ssl, sasl } = this.settings;
    return {
      brokers: [...brokers],
      clientId,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      enforceRequestTimeout: true,
      ...(ssl !== undefined && { ssl }),
      ...(sasl !== undefined && { sasl }),
    };
  }
}

/** A transaction still open after this is given up by the broker, so that a dead task does not stall readers for long. */
export const TRANSACTION_TIMEOUT_MS = 10_000;

/** Ends a cluster at once, whatever it still waits for. */
export async function abandon(cluster: Cluster): Promise<void> {
  const { seedBroker, brokers } = cluster.brokerPool;
  const every = new Set([...Object.values(brokers), ...(seedBroker === undefined ? [] : [seedBroker])]);
  for (const { connectionPool } of every) {
    for (const connection of connectionPool.pool) connection.rejectRequests(new Error("closed"));
  }
  await cluster.disconnect().catch(() => {});
}

/** What producers and single answers have to say comes as an error to whoever asked, or is tried again on purpose. */
const isToldOtherwise = ({ namespace, log }: LogEntry): boolean =>
  namespace === "Producer" || log.message.startsWith("Response ");

/** While a broker is away every connection says so, several times a second. */
const SAID_AGAIN_MS = 10_000;

function quiet(warn: ((text: string) => void) | undefined): Pick<KafkaConfig, "logLevel" | "logCreator"> {
  const { logLevel } = kafkajs();
  if (warn === undefined) return { logLevel: logLevel.NOTHING, logCreator: () => () => {} };
  const said = new Map<string, number>();
  const say = (entry: LogEntry) => {
    const text = `kafka ${entry.namespace}: ${entry.log.message}`;
    const now = performance.now();
    if (isToldOtherwise(entry) || now - (said.get(text) ?? Number.NEGATIVE_INFINITY) < SAID_AGAIN_MS) return;
    if (said.size > 100) said.clear();
    said.set(text, now);
    warn(text);
  };
  return { logLevel: logLevel.WARN, logCreator: () => say };
}

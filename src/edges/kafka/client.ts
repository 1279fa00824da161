/** The client as this edge uses it: clusters of its own beside the public API, and silent: we say ourselves what is wrong. */
import { setTimeout as after } from "node:timers/promises";
import type { Kafka, KafkaConfig, Logger, Producer, RetryOptions } from "kafkajs";
import { Connections, Reach } from "./connections.ts";
import { PATIENCE_MS } from "./deadline.ts";
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
  /** After how long an operation without an outcome has failed. */
  readonly patienceMs?: number;
  /** How many records a producer numbers before another takes its place (K9). */
  readonly recordsPerProducerMax?: number;
  /** Told what a person should know: that no broker answers, say, and that one does again. */
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
  /** Ours. */
  connections: Connections;
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

/** A sequence number wraps one short of 2³¹ in kafkajs, for good (K9). */
const RECORDS_PER_PRODUCER_MAX = 1_000_000_000;

/** After this, whoever leaves goes without the broker's answer. */
const LEAVE_MS = 5_000;

export class Client {
  readonly settings: KafkaSettings;
  readonly warn: (text: string) => void;
  readonly patienceMs: number;
  readonly recordsPerProducerMax: number;
  readonly reach: Reach;
  readonly #logger: Logger;

  constructor(settings: KafkaSettings) {
    this.settings = settings;
    this.warn = settings.warn ?? (() => {});
    this.patienceMs = settings.patienceMs ?? PATIENCE_MS;
    this.recordsPerProducerMax = settings.recordsPerProducerMax ?? RECORDS_PER_PRODUCER_MAX;
    this.reach = new Reach(settings.brokers, this.warn);
    this.#logger = this.kafka().kafka.logger();
  }

  /** The public API, on connections of its own. */
  kafka(): { readonly kafka: Kafka; readonly connections: Connections } {
    const connections = new Connections(this.settings.brokers, this.reach);
    const { Kafka, logLevel } = kafkajs();
    const kafka = new Kafka({
      ...this.#connection(connections),
      // What it says is of each connection and each try, and comes as an error to whoever asked.
      logLevel: logLevel.NOTHING,
      retry: START_PATIENCE,
    });
    return { kafka, connections };
  }

  /** A cluster with connections of its own: one at a time fetches from a broker without holding up the others. */
  cluster(options: {
    readonly maxInFlightRequests: number | null;
    readonly isolationLevel?: number;
  }): Cluster {
    const Cluster = inside<new (options: unknown) => Cluster>("cluster");
    const connections = new Connections(this.settings.brokers, this.reach);
    const cluster = new Cluster({
      isolationLevel: READ_COMMITTED,
      ...this.#connection(connections),
      ...options,
      retry: { ...PATIENCE, retries: 5 },
      logger: this.#logger,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      offsets: new Map(),
    });
    cluster.retry = PATIENCE;
    cluster.connections = connections;
    return cluster;
  }

  /** A producer on a given cluster, which knows the partition of every message. */
  producer(cluster: Cluster, options: { readonly transactionalId?: string; readonly idempotent: boolean }) {
    const create = inside<(options: unknown) => Producer>("producer");
    return create({
      ...options,
      cluster,
      logger: this.#logger,
      retry: PATIENCE,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      createPartitioner:
        () =>
        ({ message }: { message: { partition: number } }) =>
          message.partition,
    });
  }

  #connection({ brokers, socketFactory }: Connections) {
    const { clientId, ssl, sasl } = this.settings;
    return {
      brokers,
      socketFactory,
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
  cluster.connections.end();
  await patiently(cluster.disconnect());
}

/** Waits until it is done or has failed, but not for long. */
export async function patiently(work: Promise<unknown>): Promise<void> {
  const isOver = new AbortController();
  const done = work.catch(() => {}).finally(() => isOver.abort());
  await Promise.race([done, after(LEAVE_MS, null, { signal: isOver.signal }).catch(() => {})]);
}

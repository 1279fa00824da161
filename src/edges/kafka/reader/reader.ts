/**
 * Reads partitions without a consumer group, from offsets its owner knows. One fetch at a time is under way with each
 * leader; it is sent by a poll, and another goes out while what came is worked on, so that both sides are busy.
 *
 * Whatever fails that a new connection may mend is tried again here, on new connections with fresh metadata, while polls
 * go on with nothing; after half a minute without success the owner is told. What is
 * deleted already no connection brings back: that is told at once.
 */
import { setTimeout as after } from "node:timers/promises";
import type { Instant } from "../../../core/model/time.ts";
import { type Batch, LogError, type Position, type Reader } from "../../../runtime/ports.ts";
import { abandon, type Client, type Cluster, patiently } from "../client.ts";
import { within } from "../deadline.ts";
import { asLogError } from "../faults.ts";
import { offsetOf } from "../offsets.ts";
import { inside } from "../patches/patches.ts";
import { Bell } from "./bell.ts";
import { type Fetched, fetchFrom } from "./fetch.ts";
import { readRecords } from "./records.ts";

interface Place {
  readonly topic: string;
  readonly partition: number;
  offset: number;
  /** The offset of a batch that has arrived damaged. */
  damagedAt: number | null;
}

/** Connections, and which broker leads which partitions, as long as both hold. */
interface Session {
  readonly cluster: Cluster;
  readonly led: ReadonlyMap<string, Place[]>;
  /** Leaders with a fetch under way, and when its answer is due, by local monotonic time. */
  readonly busy: Map<string, number>;
}

/** A fetch waits this long at most, so that a broker that hangs is noticed; then it is sent again. */
const FETCH_WAIT_MAX_MS = 5_000;
/** Beyond what a broker was asked to wait: a poll returns even when the broker does not answer. */
const GRACE_MS = 500;
/** In terms of what an operation may take: half a minute, as a rule. */
const FAILING_FOR_MAX = 1.5;
const BACKOFF_MS = { first: 20, most: 1_000 };
const OFFSET_OUT_OF_RANGE = 1;

export class KafkaReader implements Reader {
  readonly #client: Client;
  readonly #now: () => Instant | null;
  readonly #places: readonly Place[];
  readonly #bell = new Bell();
  #session: Session | null = null;
  /** Being connected. */
  #next: Cluster | null = null;
  #connecting: Promise<void> | null = null;
  #ready: Batch[] = [];
  #fault: LogError | null = null;
  #failures = { count: 0, since: 0 };
  #waitMs = 0;
  #isClosed = false;
  #isWoken = false;

  /** `now` is broker time. */
  constructor(client: Client, from: readonly Position[], now: () => Instant | null) {
    this.#client = client;
    this.#now = now;
    this.#places = from.map((position) => ({ ...position, damagedAt: null }));
  }

  async poll(waitMs: number): Promise<readonly Batch[]> {
    if (this.#isClosed) throw new LogError("the reader is closed", { retriable: true });
    this.#waitMs = Math.min(waitMs, FETCH_WAIT_MAX_MS);
    this.#ask();
    const deadline = this.#deadline(performance.now() + waitMs);
    while (this.#ready.length === 0 && this.#fault === null && !this.#isWoken && !this.#isClosed) {
      const left = deadline - performance.now();
      if (left <= 0) break;
      await this.#bell.wait(left);
    }
    this.#isWoken = false;
    const batches = this.#ready;
    this.#ready = [];
    if (batches.length === 0 && this.#fault !== null) throw this.#fault;
    if (batches.length > 0) this.#ask();
    return batches;
  }

  wakeUp(): void {
    this.#isWoken = true;
    this.#bell.ring();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#bell.ring();
    if (this.#next !== null) await abandon(this.#next);
    if (this.#connecting !== null) await patiently(this.#connecting);
    const session = this.#session;
    this.#session = null;
    if (session !== null) await abandon(session.cluster);
  }

  /** When a poll is over: a little later if an answer is due by then, so that it is not missed by a hair. */
  #deadline(byItself: number): number {
    const due = [...(this.#session?.busy.values() ?? [])];
    const isAnswerDue = this.#connecting !== null || due.some((each) => each <= byItself);
    return isAnswerDue ? byItself + GRACE_MS : byItself;
  }

  /** Sends a fetch to each leader that has none under way, over connections made first if there are none. */
  #ask(): void {
    if (this.#isClosed || this.#fault !== null || this.#connecting !== null || this.#places.length === 0)
      return;
    const session = this.#session;
    if (session === null) {
      this.#connecting = this.#connect().finally(() => {
        this.#connecting = null;
        this.#bell.ring();
        this.#ask();
      });
      return;
    }
    for (const nodeId of session.led.keys()) if (!session.busy.has(nodeId)) void this.#fetch(session, nodeId);
  }

  /** Never rejects: what goes wrong is kept for the poll. */
  async #connect(): Promise<void> {
    const { count } = this.#failures;
    if (count > 0) await after(Math.min(BACKOFF_MS.first * 2 ** (count - 1), BACKOFF_MS.most));
    if (this.#isClosed) return;
    const begun = performance.now();
    const cluster = this.#client.cluster({ maxInFlightRequests: null });
    this.#next = cluster;
    try {
      const topics = [...new Set(this.#places.map(({ topic }) => topic))];
      await within(this.#client.patienceMs, "connecting to read", connect(cluster, topics));
      if (this.#isClosed) throw new LogError("the reader is closed", { retriable: true });
      this.#session = { cluster, led: byLeader(cluster, this.#places), busy: new Map() };
    } catch (fault) {
      this.#failed(fault, begun);
      await abandon(cluster);
    } finally {
      this.#next = null;
    }
  }

  /** Never rejects, likewise. */
  async #fetch(session: Session, nodeId: string): Promise<void> {
    const places = session.led.get(nodeId) ?? [];
    const begun = performance.now();
    const waitMs = this.#waitMs;
    session.busy.set(nodeId, begun + waitMs);
    try {
      const longest = waitMs + this.#client.patienceMs / 2;
      const broker = await within(longest, "connecting to read", session.cluster.findBroker({ nodeId }));
      const askedAt = this.#now();
      const fetched = await within(longest, "fetching", fetchFrom(broker, places, waitMs));
      if (session !== this.#session) return;
      // The broker fills its answer in the order asked, so the first go last the next time.
      places.push(...places.splice(0, 1));
      for (const each of fetched) await this.#take(each, { places, askedAt, cluster: session.cluster });
      this.#failures = { count: 0, since: 0 };
    } catch (fault) {
      if (session === this.#session) this.#failed(fault, begun);
    } finally {
      session.busy.delete(nodeId);
      this.#bell.ring();
    }
  }

  async #take(
    fetched: Fetched,
    { places, askedAt, cluster }: { places: readonly Place[]; askedAt: Instant | null; cluster: Cluster },
  ): Promise<void> {
    const { topic, partition, errorCode, highWatermark, aborted, bytes } = fetched;
    const place = places.find((each) => each.topic === topic && each.partition === partition);
    if (place === undefined) return;
    if (errorCode === OFFSET_OUT_OF_RANGE) {
      throw await within(this.#client.patienceMs, "asking where it begins", outOfRange(cluster, place));
    }
    if (errorCode !== 0) throw errorOf(errorCode);

    const doubt = { damagedAt: place.damagedAt, end: highWatermark };
    const { records, nextOffset, damagedAt } = readRecords(bytes, place.offset, aborted, doubt);
    place.offset = nextOffset;
    place.damagedAt = damagedAt;
    this.#ready.push({
      topic,
      partition,
      records,
      nextOffset,
      isAtEnd: nextOffset >= highWatermark,
      askedAt,
    });
    if (damagedAt === null) return;
    const message = `a batch of ${topic}/${partition} has arrived damaged at offset ${damagedAt}`;
    throw new LogError(message, { retriable: true });
  }

  /** Something that was begun then. */
  #failed(fault: unknown, begun: number): void {
    const session = this.#session;
    this.#session = null;
    if (session !== null) void abandon(session.cluster);
    if (this.#isClosed) return;

    const since = this.#failures.count === 0 ? begun : this.#failures.since;
    this.#failures = { count: this.#failures.count + 1, since };
    const error = asLogError("reading", fault);
    const isHopeless = !error.retriable || error instanceof Deleted;
    const isLong = performance.now() - since > FAILING_FOR_MAX * this.#client.patienceMs;
    if (isHopeless || isLong) this.#fault = error;
    else this.#ask();
  }
}

async function connect(cluster: Cluster, topics: readonly string[]): Promise<void> {
  await cluster.connect();
  await cluster.addMultipleTargetTopics(topics);
}

function byLeader(cluster: Cluster, places: readonly Place[]): Map<string, Place[]> {
  const led = new Map<string, Place[]>();
  for (const place of places) {
    const { topic, partition } = place;
    const known = cluster.findTopicPartitionMetadata(topic);
    const leader = known.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
    if (leader < 0) throw new LogError(`${topic}/${partition} has no leader`, { retriable: true });
    const nodeId = String(leader);
    led.set(nodeId, [...(led.get(nodeId) ?? []), place]);
  }
  return led;
}

async function outOfRange(cluster: Cluster, { topic, partition, offset }: Place): Promise<LogError> {
  const start = await offsetOf(cluster, { topic, partition, at: "start" });
  const what = `${topic}/${partition} cannot be read from ${offset}`;
  if (offset < start) return new Deleted(`${what}: what stood before ${start} was deleted by retention`);
  const message = `${what}: the log ends before it; it was cut, or the topic was made anew`;
  return new LogError(message, { retriable: false });
}

/** A task built anew goes on from the start that there is now, and says what it has missed; this reader does not. */
class Deleted extends LogError {
  constructor(message: string) {
    super(message, { retriable: true });
  }
}

const errorOf = (code: number): Error =>
  inside<{ createErrorFromCode(code: number): Error }>("protocol/error").createErrorFromCode(code);

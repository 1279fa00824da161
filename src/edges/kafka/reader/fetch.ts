/** One fetch from one broker, version 11 (Kafka 2.3 and later), each partition answered for itself. */
import { type Broker, READ_COMMITTED } from "../client.ts";
import { inside } from "../patches/patches.ts";
import type { Aborted } from "./records.ts";

export interface Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface Fetched {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's number of an error, 0 for none. */
  readonly errorCode: number;
  /** The end of what all replicas hold, committed or not. */
  readonly highWatermark: number;
  readonly aborted: readonly Aborted[];
  readonly bytes: Buffer;
}

const PARTITION_BYTES_MAX = 1024 * 1024;
const FETCH_BYTES_MAX = 8 * 1024 * 1024;
/** Beyond what the broker may wait, for the way there and back. */
const ON_THE_WAY_MS = 5_000;

/** Waits up to `waitMs` for a record in any of the partitions, which are served in the order given. */
export async function fetchFrom(
  broker: Broker,
  wanted: readonly Wanted[],
  waitMs: number,
): Promise<readonly Fetched[]> {
  const encode = inside<(asked: unknown) => unknown>("protocol/requests/fetch/v11/request");
  const request = encode({
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime: waitMs,
    minBytes: 1,
    maxBytes: FETCH_BYTES_MAX,
    topics: wanted.map(({ topic, partition, offset }) => ({
      topic,
      partitions: [{ partition, fetchOffset: String(offset), maxBytes: PARTITION_BYTES_MAX }],
    })),
  });
  const told = await broker.connectionPool.send({
    request,
    response,
    requestTimeout: waitMs + ON_THE_WAY_MS,
  });
  return told.partitions;
}

interface Told {
  readonly clientSideThrottleTime: number;
  readonly partitions: readonly Fetched[];
}

const response = {
  decode: async (payload: Buffer): Promise<Told> => readResponse(new Fields(payload)),
  parse: async (told: Told): Promise<Told> => told,
};

function readResponse(fields: Fields): Told {
  const clientSideThrottleTime = fields.int32();
  fields.skip(2 + 4); // error and id of a fetch session, of which we use none
  const partitions = fields.list(() => {
    const topic = fields.text();
    return fields.list(() => readPartition(fields, topic));
  });
  return { clientSideThrottleTime, partitions: partitions.flat() };
}

function readPartition(fields: Fields, topic: string): Fetched {
  const partition = fields.int32();
  const errorCode = fields.int16();
  const highWatermark = Number(fields.int64());
  fields.skip(8 + 8); // last stable offset, start of the log
  const aborted = fields.list(() => ({ producerId: fields.int64(), firstOffset: Number(fields.int64()) }));
  fields.skip(4); // a replica closer to us
  return { topic, partition, errorCode, highWatermark, aborted, bytes: fields.bytes() };
}

/** The fixed-length fields of Kafka's answers, one after the other. */
class Fields {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.#at += count;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  text(): string {
    const length = this.int16();
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Kafka says -1 for a list that is not there. */
  list<Item>(read: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read);
  }
}

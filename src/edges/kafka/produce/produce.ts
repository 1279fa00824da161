/** The request by which records are written, in place of kafkajs' own: the same bytes, made in one buffer. */
import { type Message, recordBatch, type Writing } from "./record-batch.ts";

/** What kafkajs asks its protocol for. */
export interface Produced {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  /** A number that may be larger than numbers are exact. */
  readonly producerId?: string | number | bigint | { toString(): string };
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}

/** A request as kafkajs sends it. */
export interface Request {
  readonly encode: () => Promise<Encoded>;
}

/** As much of kafkajs' encoder as is looked at when a request is sent. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}

type CreateRequest = (asked: Produced) => Request;

/** Kafkajs' request with our bytes in it. What is compressed is left to kafkajs; we compress nothing. */
export const encodingProduce =
  (stock: CreateRequest): CreateRequest =>
  (asked) => {
    const request = stock(asked);
    if ((asked.compression ?? 0) !== 0) return request;
    return { ...request, encode: async () => encodedOf(produceBody(asked, Date.now())) };
  };

const encodedOf = (buffer: Buffer): Encoded => ({ buf: buffer, buffer, size: () => buffer.length });

const NO_PRODUCER = -1;

/** Version 3 and all after it up to 8: transactional id, acks, timeout, then topics and their partitions. */
export function produceBody(asked: Produced, nowMs: number): Buffer {
  const { acks, timeout, transactionalId = null, producerId = NO_PRODUCER, producerEpoch = 0 } = asked;
  const writing: Omit<Writing, "firstSequence"> = {
    producerId: BigInt(producerId.toString()),
    producerEpoch,
    isTransactional: transactionalId !== null && transactionalId !== "",
    nowMs,
  };
  const topics = asked.topicData.map(({ topic, partitions }) => ({
    name: Buffer.from(topic),
    batches: partitions.map(({ partition, messages, firstSequence = 0 }) => ({
      partition,
      batch: recordBatch(messages, { ...writing, firstSequence }),
    })),
  }));
  const id = transactionalId === null ? null : Buffer.from(transactionalId);
  let size = 2 + (id?.length ?? 0) + 2 + 4 + 4;
  for (const { name, batches } of topics) {
    size += 2 + name.length + 4;
    for (const { batch } of batches) size += 4 + 4 + batch.bytes;
  }

  const into = Buffer.allocUnsafe(size);
  let at = writeString(into, 0, id);
  at = into.writeInt16BE(acks, at);
  at = into.writeInt32BE(timeout, at);
  at = into.writeInt32BE(topics.length, at);
  for (const { name, batches } of topics) {
    at = into.writeInt32BE(batches.length, writeString(into, at, name));
    for (const { partition, batch } of batches) {
      at = into.writeInt32BE(partition, at);
      at = batch.write(into, into.writeInt32BE(batch.bytes, at));
    }
  }
  return into;
}

function writeString(into: Buffer, at: number, text: Buffer | null): number {
  const start = into.writeInt16BE(text === null ? -1 : text.length, at);
  if (text !== null) into.set(text, start);
  return start + (text?.length ?? 0);
}

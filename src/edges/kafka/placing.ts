/** Which partition a record goes to, and whether it can go there at all: kafkajs drops what has no such partition in silence. */
import { partitionOf } from "../../runtime/partitioner.ts";
import { LogError, type NewRecord } from "../../runtime/ports.ts";
import { BATCH_BYTES_MAX } from "./topics.ts";

/** A record whose partition has been found. */
export interface Placed extends NewRecord {
  readonly partition: number;
}

/** What a batch of one record holds beside its key and value, headers apart. */
const ENVELOPE_BYTES = 200;

export class Placing {
  readonly #partitions: (topic: string) => Promise<number>;
  #turn = 0;

  /** `partitions` tells the partition count of a topic. */
  constructor(partitions: (topic: string) => Promise<number>) {
    this.#partitions = partitions;
  }

  /** A record that does not say its partition goes by its key; without a key, to each partition in turn. */
  async of(records: readonly NewRecord[]): Promise<readonly Placed[]> {
    const counts = new Map<string, number>();
    for (const { topic } of records) if (!counts.has(topic)) counts.set(topic, await this.#partitions(topic));
    return records.map((record) => this.#place(record, counts.get(record.topic) ?? 0));
  }

  #place(record: NewRecord, count: number): Placed {
    const { topic, partition, key, value } = record;
    if ((value?.length ?? 0) + (key?.length ?? 0) + ENVELOPE_BYTES > BATCH_BYTES_MAX) {
      throw new LogError(`a record for ${topic} is larger than ${BATCH_BYTES_MAX} bytes`, {
        retriable: false,
      });
    }
    if (partition === null) {
      return { ...record, partition: key === null ? this.#turn++ % count : partitionOf(key, count) };
    }
    if (partition >= 0 && partition < count) return { ...record, partition };
    throw new LogError(`${topic} has no partition ${partition}, only ${count}`, { retriable: false });
  }
}

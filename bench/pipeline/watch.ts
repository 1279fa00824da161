/** Watches the run commands a contestant writes, committed ones only, as whoever runs them would. */
import { openKafkaLog } from "../../src/edges/kafka/kafka.ts";
import type { Log, Position, Reader } from "../../src/runtime/ports.ts";
import { lastOf } from "./workload.ts";

const POLL_MS = 100;

export class Watch {
  readonly #log: Log;
  readonly #reader: Reader;
  readonly #partitions: number;
  /** How many commands there were so far. */
  count = 0;

  private constructor(log: Log, reader: Reader, partitions: number) {
    this.#log = log;
    this.#reader = reader;
    this.#partitions = partitions;
  }

  static async open(brokers: readonly string[], prefix: string): Promise<Watch> {
    const log = await openKafkaLog({ brokers, clientId: "watch", clockTopic: `${prefix}.watch` });
    const topic = `${prefix}.run-commands`;
    const partitions = await log.partitions(topic);
    const from: Position[] = Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      offset: 0,
    }));
    return new Watch(log, await log.openReader(from), partitions);
  }

  /** Resolves when the last event of every partition has made something run. */
  async untilLast(round: number): Promise<void> {
    const mark = Buffer.from(`"host":"${lastOf(round)}`);
    for (let missing = this.#partitions; missing > 0; ) {
      const values = (await this.#reader.poll(POLL_MS)).flatMap(({ records }) =>
        records.map(({ value }) => asBuffer(value)),
      );
      this.count += values.length;
      missing -= values.filter((value) => value.includes(mark)).length;
    }
  }

  async close(): Promise<void> {
    await this.#reader.close();
    await this.#log.close();
  }
}

const asBuffer = (value: Uint8Array | null): Buffer =>
  value === null ? Buffer.alloc(0) : Buffer.from(value.buffer, value.byteOffset, value.length);

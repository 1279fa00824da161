/** Reads partitions on from given offsets; waits for commits of this process, which are all there are. */
import type { SQLOutputValue, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fromMillis } from "../../core/model/time.ts";
import { type Batch, LogError, type LogRecord, type Reader } from "../../runtime/ports.ts";
import type { LogClock } from "./clock.ts";
import { type Database, integer, offsetAt, placeOf, text } from "./database.ts";
import type { Partition } from "./topics.ts";

const RECORDS_MAX = 10_000;
const BYTES_MAX = 8 * 1024 * 1024;
/** Timers with more than this fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** What a record takes beside its value, about. */
const RECORD_BYTES = 100;

interface Cursor {
  readonly partition: Partition;
  offset: number;
}

interface Found {
  readonly records: readonly LogRecord[];
  readonly bytes: number;
  readonly nextOffset: number;
}

export class SqliteReader implements Reader {
  readonly #cursors: Cursor[];
  readonly #clock: LogClock;
  readonly #select: StatementSync;
  readonly #onClose: () => void;
  readonly #onAppend = (): void => this.#ring();
  #ring: () => void = nothing;
  #isPolling = false;
  #isWoken = false;
  #isClosed = false;

  constructor(parts: { database: Database; cursors: Cursor[]; clock: LogClock; onClose: () => void }) {
    this.#cursors = parts.cursors;
    this.#clock = parts.clock;
    this.#onClose = parts.onClose;
    this.#select = parts.database.prepare(
      "SELECT place, at_ms, key, headers, value FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT ?",
    );
    for (const { partition } of this.#cursors) partition.watchers.add(this.#onAppend);
  }

  async poll(waitMs: number): Promise<readonly Batch[]> {
    if (this.#isClosed) throw new LogError("the reader is closed", { retriable: true });
    if (this.#isPolling) throw new TypeError("a reader is polled by one caller at a time");
    this.#isPolling = true;
    this.#isWoken = false;
    try {
      // A reader that never runs dry must not keep the rest of the process from its turn.
      await nextTurn();
      if (!this.#hasMore() && !this.#isWoken) await this.#wait(waitMs);
      return this.#isClosed ? [] : this.#look();
    } finally {
      this.#isPolling = false;
    }
  }

  wakeUp(): void {
    this.#isWoken = true;
    this.#ring();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { partition } of this.#cursors) partition.watchers.delete(this.#onAppend);
    this.wakeUp();
    this.#onClose();
  }

  #hasMore(): boolean {
    return this.#cursors.some(({ partition, offset }) => offset !== partition.next);
  }

  async #wait(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(waitMs, TIMER_MS_MAX));
    this.#ring = resolve;
    await promise;
    this.#ring = nothing;
    clearTimeout(timer);
  }

  /** One look at every partition, all at the same instant: nothing can be appended meanwhile. */
  #look(): Batch[] {
    const askedAt = this.#clock.now();
    let records = RECORDS_MAX;
    let bytes = BYTES_MAX;
    let left = this.#cursors.length;
    const batches = this.#cursors.map((cursor) => {
      // What one partition does not need of its share is there for those after it.
      const found = this.#read(cursor, Math.max(1, Math.ceil(records / left)), bytes / left);
      records -= found.records.length;
      bytes -= found.bytes;
      left -= 1;
      cursor.offset = found.nextOffset;
      return toBatch(cursor.partition, found, askedAt);
    });
    // Whoever came first comes last the next time.
    this.#cursors.push(...this.#cursors.splice(0, 1));
    return batches;
  }

  /** At least one record, however large, so that every partition gets on. */
  #read({ partition, offset }: Cursor, recordsMax: number, bytesMax: number): Found {
    refuseOutOfRange(partition, offset);
    const records: LogRecord[] = [];
    let bytes = 0;
    if (offset === partition.next) return { records, bytes, nextOffset: offset };
    const [from, to] = [placeOf(partition.id, offset), placeOf(partition.id, partition.next)];
    for (const row of this.#select.iterate(from, to, recordsMax)) {
      const record = toRecord(row);
      records.push(record);
      bytes += (record.value?.length ?? 0) + RECORD_BYTES;
      if (bytes >= bytesMax || records.length === recordsMax) {
        return { records, bytes, nextOffset: record.offset + 1 };
      }
    }
    return { records, bytes, nextOffset: partition.next };
  }
}

function toRecord(row: Readonly<Record<string, SQLOutputValue>>): LogRecord {
  const { place, at_ms, key, headers, value } = row;
  return {
    offset: offsetAt(integer(place)),
    key: typeof key === "string" ? key : null,
    value: value instanceof Uint8Array ? value : null,
    timestamp: fromMillis(integer(at_ms)),
    headers: headers === null ? noHeaders : JSON.parse(text(headers)),
  };
}

function toBatch(partition: Partition, found: Found, askedAt: number): Batch {
  partition.announcedMs = Math.max(partition.announcedMs, askedAt);
  return {
    topic: partition.topic.name,
    partition: partition.number,
    records: found.records,
    nextOffset: found.nextOffset,
    isAtEnd: found.nextOffset === partition.next,
    askedAt: fromMillis(askedAt),
  };
}

const nothing = (): void => {};
const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

function refuseOutOfRange({ topic, number, start, next }: Partition, offset: number): void {
  if (offset >= start && offset <= next) return;
  const why = offset < start ? "was deleted by age" : "was never written";
  // A task built anew goes on from the start that there is now, and says what it has missed.
  throw new LogError(
    `Offset ${offset} of partition ${number} of ${topic.name} ${why}: it holds ${start} to ${next}.`,
    { retriable: offset < start },
  );
}

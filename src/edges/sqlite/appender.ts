/** Appends records in one transaction, tells readers, and fences writers by their epoch. */
import type { StatementSync } from "node:sqlite";
import { fromMillis } from "../../core/model/time.ts";
import { type Appended, LogError, type NewRecord, type Writer } from "../../runtime/ports.ts";
import type { Cleaner } from "./cleaner.ts";
import type { LogClock } from "./clock.ts";
import { type Database, integer, placeOf } from "./database.ts";
import type { Partition, Topics } from "./topics.ts";

/** How far a partition will have come once the transaction is committed. */
interface Head {
  next: number;
  readonly atMs: number;
}

export class Appender {
  readonly #database: Database;
  readonly #topics: Topics;
  readonly #clock: LogClock;
  readonly #cleaner: Cleaner;
  readonly #insert: StatementSync;
  readonly #saveHead: StatementSync;

  constructor(parts: { database: Database; topics: Topics; clock: LogClock; cleaner: Cleaner }) {
    this.#database = parts.database;
    this.#topics = parts.topics;
    this.#clock = parts.clock;
    this.#cleaner = parts.cleaner;
    this.#insert = this.#database.prepare("INSERT INTO records VALUES (?, ?, ?, ?, ?)");
    this.#saveHead = this.#database.prepare("UPDATE partitions SET next = ?, last_ms = ? WHERE id = ?");
  }

  /** `guard` may still refuse, inside the transaction. */
  append(records: readonly NewRecord[], guard: () => void): readonly Appended[] {
    const now = this.#clock.now();
    const heads = new Map<Partition, Head>();
    const appended = this.#database.transact(() => {
      guard();
      const told = records.map((record) => this.#add(record, heads, now));
      for (const [partition, head] of heads) this.#saveHead.run(head.next, head.atMs, partition.id);
      return told;
    });
    for (const [partition, head] of heads) {
      partition.sinceCleaned += head.next - partition.next;
      partition.next = head.next;
      partition.lastMs = head.atMs;
    }
    for (const partition of heads.keys()) for (const watcher of partition.watchers) watcher();
    for (const partition of heads.keys()) this.#cleaner.cleanIfDue(partition);
    return appended;
  }

  #add(record: NewRecord, heads: Map<Partition, Head>, now: number): Appended {
    const partition = this.#topics.route(record);
    let head = heads.get(partition);
    if (head === undefined) {
      head = { next: partition.next, atMs: Math.max(now, partition.lastMs, partition.announcedMs + 1) };
      heads.set(partition, head);
    }
    const offset = head.next++;
    const place = placeOf(partition.id, offset);
    this.#insert.run(place, head.atMs, record.key, encodeHeaders(record.headers), record.value);
    return { topic: record.topic, partition: partition.number, offset, timestamp: fromMillis(head.atMs) };
  }
}

function encodeHeaders(headers: Readonly<Record<string, string>>): string | null {
  for (const _ in headers) return JSON.stringify(headers);
  return null;
}

/** The epochs of writers' names. They outlive the process, in case a file system's locks do not hold. */
export class Writers {
  readonly #database: Database;
  readonly #appender: Appender;
  readonly #bump: StatementSync;
  readonly #epoch: StatementSync;

  constructor(database: Database, appender: Appender) {
    this.#database = database;
    this.#appender = appender;
    this.#bump = database.prepare(
      "INSERT INTO writers VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1 RETURNING epoch",
    );
    this.#epoch = database.prepare("SELECT epoch FROM writers WHERE name = ?");
  }

  /** `refuse` may throw before each commit. */
  open(name: string, refuse: () => void): Writer {
    const epoch = this.#database.transact(() => integer(this.#bump.get(name)?.["epoch"]));
    const guard = (): void => {
      if (integer(this.#epoch.get(name)?.["epoch"]) === epoch) return;
      throw new LogError(`${name} writes elsewhere by now: this writer is fenced`, {
        retriable: true,
        isFenced: true,
      });
    };
    return new SqliteWriter(name, (records) => {
      refuse();
      this.#appender.append(records, guard);
    });
  }
}

class SqliteWriter implements Writer {
  readonly #name: string;
  readonly #append: (records: readonly NewRecord[]) => void;
  #end: "failed" | "closed" | null = null;

  constructor(name: string, append: (records: readonly NewRecord[]) => void) {
    this.#name = name;
    this.#append = append;
  }

  async commit(records: readonly NewRecord[]): Promise<void> {
    if (this.#end !== null)
      throw new LogError(`the writer ${this.#name} has ${this.#end}`, { retriable: true });
    try {
      this.#append(records);
    } catch (error) {
      this.#end = "failed";
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#end ??= "closed";
  }
}

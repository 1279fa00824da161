/**
 * Keeps the log small: deletes what is older than its topic keeps, and compacts topics that keep the newest of each key.
 *
 * There is no background work. Every so many records appended to a partition, twice as many of its records are looked
 * at, after the commit; so the work keeps pace with the growth, never stalls for long, and an idle log rests.
 * The file does not shrink; the room is used again.
 */
import type { StatementSync } from "node:sqlite";
import { LogError } from "../../runtime/ports.ts";
import type { LogClock } from "./clock.ts";
import { type Database, integer, offsetAt, placeOf, text } from "./database.ts";
import type { Partition } from "./topics.ts";

const EVERY = 512;
const SLICE = 1024;
/** As long as Kafka keeps them: whoever reads on within a day learns of the deletion. */
const TOMBSTONE_MS = 86_400_000;

export class Cleaner {
  readonly #database: Database;
  readonly #clock: LogClock;
  readonly #rows: StatementSync;
  readonly #tombstones: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteRange: StatementSync;
  readonly #saveStart: StatementSync;
  readonly #saveCleaned: StatementSync;
  readonly #newest: StatementSync;
  readonly #saveNewest: StatementSync;
  readonly #forget: StatementSync;

  constructor(database: Database, clock: LogClock) {
    this.#database = database;
    this.#clock = clock;
    this.#rows = database.prepare(
      "SELECT place, at_ms, key FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT ?",
    );
    this.#tombstones = database.prepare(
      "SELECT place, at_ms, key FROM records WHERE value IS NULL AND place >= ? AND place < ? ORDER BY place LIMIT ?",
    );
    this.#delete = database.prepare("DELETE FROM records WHERE place = ?");
    this.#deleteRange = database.prepare("DELETE FROM records WHERE place >= ? AND place < ?");
    this.#saveStart = database.prepare("UPDATE partitions SET start = ? WHERE id = ?");
    this.#saveCleaned = database.prepare("UPDATE partitions SET cleaned = ? WHERE id = ?");
    this.#newest = database.prepare("SELECT place FROM newest WHERE partition = ? AND key = ?");
    this.#saveNewest = database.prepare("INSERT OR REPLACE INTO newest VALUES (?, ?, ?)");
    this.#forget = database.prepare("DELETE FROM newest WHERE partition = ? AND key = ? AND place = ?");
  }

  cleanIfDue(partition: Partition): void {
    for (; partition.sinceCleaned >= EVERY; partition.sinceCleaned -= EVERY) this.clean(partition);
  }

  /** Looks at one slice of a partition. */
  clean(partition: Partition): void {
    const { keepMs } = partition.topic;
    try {
      if (keepMs === null) this.#compact(partition);
      else this.#expire(partition, this.#clock.now() - keepMs);
    } catch (error) {
      // What was appended is committed and must not be told to have failed; the next turn tries again.
      if (!(error instanceof LogError)) throw error;
    }
  }

  #expire(partition: Partition, before: number): void {
    let start = partition.start;
    for (const row of this.#rows.iterate(...this.#slice(partition, partition.start, partition.next))) {
      if (integer(row["at_ms"]) >= before) break;
      start = offsetAt(integer(row["place"])) + 1;
    }
    if (start === partition.start) return;
    this.#database.transact(() => {
      this.#deleteRange.run(placeOf(partition.id, partition.start), placeOf(partition.id, start));
      this.#saveStart.run(start, partition.id);
    });
    partition.start = start;
  }

  #compact(partition: Partition): void {
    const cleaned = this.#database.transact(() => {
      this.#dropTombstones(partition, this.#clock.now() - TOMBSTONE_MS);
      return this.#dropOutdated(partition);
    });
    partition.cleaned = cleaned;
  }

  /** Of the records that are new to the cleaner, keeps the newest of each key, and drops what these replace. */
  #dropOutdated(partition: Partition): number {
    const newest = new Map<string, number>();
    const rows = this.#rows.all(...this.#slice(partition, partition.cleaned, partition.next));
    for (const row of rows) {
      const key = text(row["key"]);
      const replaced = newest.get(key);
      if (replaced !== undefined) this.#delete.run(replaced);
      newest.set(key, integer(row["place"]));
    }
    for (const [key, place] of newest) {
      const replaced = this.#newest.get(partition.id, key)?.["place"];
      if (replaced !== undefined) this.#delete.run(replaced);
      this.#saveNewest.run(partition.id, key, place);
    }
    const last = rows.at(-1)?.["place"];
    const cleaned = rows.length < SLICE ? partition.next : offsetAt(integer(last)) + 1;
    this.#saveCleaned.run(cleaned, partition.id);
    return cleaned;
  }

  #dropTombstones(partition: Partition, before: number): void {
    for (const row of this.#tombstones.all(...this.#slice(partition, 0, partition.cleaned))) {
      if (integer(row["at_ms"]) >= before) return;
      this.#delete.run(integer(row["place"]));
      this.#forget.run(partition.id, text(row["key"]), integer(row["place"]));
    }
  }

  #slice(partition: Partition, from: number, to: number): [number, number, number] {
    return [placeOf(partition.id, from), placeOf(partition.id, to), SLICE];
  }
}

/**
 * The database file: owning it, its tables, and its transactions.
 *
 * A record stands at its place: the id of its partition times 2⁴⁰, plus its offset. So a partition is a stretch of one
 * table in the order of its integer key, which is what SQLite appends to and reads fastest (with records of 1,500 bytes
 * more than twice as fast as a table WITHOUT ROWID keyed by topic, partition and offset).
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { LogError } from "../../runtime/ports.ts";

/**
 * What a commit survives. `process`: the end of the process, `kill -9` included; after a power failure the last
 * transactions may be missing, but none is there in part (a Kafka broker promises the same: neither waits for the
 * disk). `power`: that too, at the price of waiting for the disk at every commit.
 */
export type Durability = "process" | "power";

/** Tells our files from other SQLite databases: "Trip". */
const APPLICATION = 0x54726970;
const VERSION = 1;

const PAGE_BYTES = 8192;
const CACHE_KIB = 32_768;
/** Pages that gather in the WAL before they move to the main file, 32 MiB: the fewer moves, the fewer waits for the disk. */
const CHECKPOINT_PAGES = 4096;

const TABLES = `
  CREATE TABLE topics (
    name TEXT PRIMARY KEY,
    partitions INTEGER NOT NULL,
    keep_ms INTEGER -- null: the newest of each key
  ) WITHOUT ROWID;
  CREATE TABLE partitions (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    start INTEGER NOT NULL DEFAULT 0,   -- what was before was deleted by age
    next INTEGER NOT NULL DEFAULT 0,    -- the offset of the record that comes next
    cleaned INTEGER NOT NULL DEFAULT 0, -- compacted up to here
    last_ms INTEGER NOT NULL DEFAULT 0, -- no later record is older than this
    UNIQUE (topic, number)
  );
  CREATE TABLE records (
    place INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    key TEXT,
    headers TEXT, -- JSON; null: none
    value BLOB
  );
  CREATE INDEX tombstones ON records (place) WHERE value IS NULL;
  -- Where the newest record of each key stands, among those compacted already.
  CREATE TABLE newest (
    partition INTEGER NOT NULL,
    key TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (partition, key)
  ) WITHOUT ROWID;
  CREATE TABLE writers (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION};
  PRAGMA user_version = ${VERSION};
`;

const OFFSETS = 2 ** 40;
/** Places have to stay safe integers. */
export const PARTITIONS_MAX = 2 ** 13 - 1;

export const placeOf = (partition: number, offset: number): number => partition * OFFSETS + offset;
export const offsetAt = (place: number): number => place % OFFSETS;

export class Database {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

  constructor(path: string, durability: Durability) {
    this.#path = path;
    this.#db = own(path, durability);
    this.#begin = this.#db.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#db.prepare("COMMIT");
  }

  prepare(sql: string): StatementSync {
    return this.#db.prepare(sql);
  }

  /** All that `work` writes is there afterwards, or nothing of it and a LogError is thrown. */
  transact<T>(work: () => T): T {
    try {
      this.#begin.run();
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw asLogError(this.#path, error);
    }
  }

  close(): void {
    if (!this.#db.isOpen) return;
    this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#db.close();
  }
}

/** Opens the file for this process alone; the operating system lets go of it when the process ends, however it ends. */
function own(path: string, durability: Durability): DatabaseSync {
  let db: DatabaseSync | null = null;
  try {
    mkdirSync(dirname(path), { recursive: true });
    db = new DatabaseSync(path);
    // Exclusive before WAL: then SQLite needs no shared memory, and takes a lock that it keeps until the file is closed.
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL`);
    db.exec(`PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"}`);
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec("BEGIN EXCLUSIVE");
    prepareTables(db, path);
    db.exec("COMMIT");
    return db;
  } catch (error) {
    db?.close();
    throw asLogError(path, error);
  }
}

function prepareTables(db: DatabaseSync, path: string): void {
  const application = integer(db.prepare("PRAGMA application_id").get()?.["application_id"]);
  const version = integer(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  const tables = integer(db.prepare("SELECT count(*) AS found FROM sqlite_schema").get()?.["found"]);
  if (tables === 0) {
    db.exec(TABLES);
  } else if (application !== APPLICATION) {
    throw refusal(`${path} is a database of another program. Name another data directory.`);
  } else if (version !== VERSION) {
    throw refusal(
      `${path} was written by another version of Tripline (format ${version}; this version reads ${VERSION}). ` +
        "Run the version that wrote it, or name another data directory.",
    );
  }
}

export const refusal = (message: string, cause?: unknown): LogError =>
  new LogError(message, { retriable: false, cause });

const BUSY = 5;
const NOT_A_DATABASE = 26;
/** What is wrong with the folder or the disk below the file; the rest of a code says in which call. */
const FOLDER: ReadonlyMap<number, string> = new Map([
  [3, "permission denied"],
  [8, "it is read-only"],
  [10, "the disk does not answer as it should"],
  [13, "the disk is full"],
  [14, "log.sqlite cannot be opened"],
]);

function asLogError(path: string, error: unknown): LogError {
  if (error instanceof LogError) return error;
  const code = error instanceof Error && "errcode" in error ? error.errcode : null;
  if (code === BUSY) {
    return refusal(
      `Another process is using the data directory ${dirname(path)}. ` +
        "Stop that process, or name another data directory.",
      error,
    );
  }
  if (code === NOT_A_DATABASE) {
    return refusal(`${path} is not a database. Name another data directory, or move this file away.`, error);
  }
  const why = typeof code === "number" ? FOLDER.get(code & 0xff) : undefined;
  if (why !== undefined) {
    const message = `cannot write to the data folder ${dirname(path)} (TRIPLINE_DATA): ${why}`;
    return new LogError(message, { retriable: true, cause: error });
  }
  const said = error instanceof Error ? error.message : String(error);
  return new LogError(`${path}: ${said}`, { retriable: true, cause: error });
}

export function integer(value: SQLOutputValue | undefined): number {
  if (typeof value === "number") return value;
  throw new TypeError(`expected an integer in the database, found ${typeof value}`);
}

export function text(value: SQLOutputValue | undefined): string {
  if (typeof value === "string") return value;
  throw new TypeError(`expected a text in the database, found ${typeof value}`);
}

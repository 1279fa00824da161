/** History in ClickHouse: a server's tables, or those of the engine in this process, kept and asked the same way. */
import type { JsonObject } from "../../core/model/json.ts";
import { type History, HistoryAway, QueryError, type Row } from "../../runtime/ports.ts";
import { DEFAULT_LIMITS, type Engine, type Limits, openEmbedded, openServer } from "./engine.ts";
import { whyRefused } from "./guard.ts";
import { keepFor, migrate, TABLES } from "./migrations/migrations.ts";

export { remoteHistory, serveHistory } from "./loopback.ts";
export { type Decoder, historySources } from "./rows.ts";

export interface HistorySettings {
  /** A server (25.3 or newer), over HTTP. */
  readonly url?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: string | undefined;
  /** The data directory of the engine in this process; one per process. Not together with `url`. */
  readonly path?: string | undefined;
  /** Days that rows are kept after they were received; null or nothing keeps them for good. */
  readonly keepDays?: number | null | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** History could not be written; says whether trying again can help. */
class HistoryError extends Error {
  override readonly name = "HistoryError";
  readonly retriable: boolean;
  constructor(message: string, options: { readonly retriable: boolean; readonly cause: unknown }) {
    super(message, { cause: options.cause });
    this.retriable = options.retriable;
  }
}

/** One insert is one part, so all of it or none: one block however large, of one day, parsed in one piece. */
const INSERT_SETTINGS = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  input_format_parallel_parsing: 0,
  max_insert_block_size: 10_000_000,
  min_insert_block_size_rows: 10_000_000,
  min_insert_block_size_bytes: 0,
  date_time_input_format: "'best_effort'",
  // A payload stays what it is: a text that looks like a date is a text; of a path given twice the first counts.
  input_format_try_infer_dates: 0,
  input_format_try_infer_datetimes: 0,
  type_json_skip_duplicated_paths: 1,
};

/** Faults of the statement or the rows: the same again gives the same again. */
const HOPELESS: ReadonlyMap<string, string> = new Map([
  ["6", "CANNOT_PARSE_TEXT"],
  ["16", "NO_SUCH_COLUMN_IN_TABLE"],
  ["26", "CANNOT_PARSE_QUOTED_STRING"],
  ["27", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"],
  ["41", "CANNOT_PARSE_DATETIME"],
  ["53", "TYPE_MISMATCH"],
  ["60", "UNKNOWN_TABLE"],
  ["62", "SYNTAX_ERROR"],
  ["81", "UNKNOWN_DATABASE"],
  ["115", "UNKNOWN_SETTING"],
  ["117", "INCORRECT_DATA"],
  ["497", "ACCESS_DENIED"],
  ["516", "AUTHENTICATION_FAILED"],
]);

export async function openHistory(settings: HistorySettings): Promise<History> {
  const { url, path, database = "tripline" } = settings;
  if (!/^[A-Za-z_]\w*$/.test(database)) throw new Error(`not a name for a database: ${database}`);
  const limits = { ...DEFAULT_LIMITS, ...settings.limits };
  if (url !== undefined) {
    const engine = openServer({ url, user: settings.user, password: settings.password }, database, limits);
    return new ClickHouseHistory(engine, database, settings.keepDays ?? null);
  }
  if (path === undefined) throw new Error("history needs `url` (a server) or `path` (a data directory)");
  const engine = await openEmbedded(path, database, limits);
  return new ClickHouseHistory(engine, database, settings.keepDays ?? null);
}

class ClickHouseHistory implements History {
  readonly #engine: Engine;
  readonly #database: string;
  readonly #keepDays: number | null;

  constructor(engine: Engine, database: string, keepDays: number | null) {
    this.#engine = engine;
    this.#database = database;
    this.#keepDays = keepDays;
  }

  async prepare(): Promise<void> {
    await told(migrate(this.#engine, this.#database));
    await told(keepFor(this.#engine, this.#database, this.#keepDays));
  }

  async nextOffset(table: string, topic: string, partition: number): Promise<number> {
    const place = `topic = ${quoted(topic)} AND partition = ${partition}`;
    const sql = `SELECT toString(if(count() = 0, 0, max(offset) + 1)) AS next FROM ${this.#table(table)} WHERE ${place}`;
    const [row] = await told(this.#engine.ask(sql));
    return Number(row?.["next"] ?? 0);
  }

  async insert(table: string, rows: readonly Row[], token: string): Promise<void> {
    if (rows.length === 0) return;
    const given = { ...INSERT_SETTINGS, insert_deduplication_token: quoted(token) };
    const settings = Object.entries(given).map(([name, value]) => `${name} = ${value}`);
    const sql = `INSERT INTO ${this.#table(table)} SETTINGS ${settings.join(", ")} FORMAT JSONEachRow`;
    try {
      await this.#engine.write(sql, linesOf(rows));
    } catch (error) {
      const bare = isHopeless(error) ? withoutPayloads(rows) : null;
      if (bare === null) throw asHistoryError(error);
      // Somebody's payload is JSON that the engine cannot hold: then its text alone must do, rather than no history.
      await told(this.#engine.write(sql, linesOf(bare)));
    }
  }

  async query(sql: string): Promise<readonly JsonObject[]> {
    const reason = whyRefused(sql);
    if (reason !== null) throw new QueryError(reason);
    try {
      return await this.#engine.answer(sql);
    } catch (error) {
      if (isEngines(error)) throw new QueryError(messageOf(error), { cause: error });
      throw new HistoryAway("ClickHouse (CLICKHOUSE_URL) does not answer", { cause: error });
    }
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #table(name: string): string {
    if (!TABLES.includes(name)) throw new Error(`history has no table '${name}'`);
    return `${this.#database}.${name}`;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** Rows as lines of JSON. Half of a surrogate pair is no character, and the engine would refuse the whole block for it. */
function linesOf(rows: readonly Row[]): string {
  const text = rows.map((row) => JSON.stringify(row)).join("\n");
  if (!text.includes("\\ud")) return text;
  return text.replaceAll(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, "$1\\ufffd");
}

function withoutPayloads(rows: readonly Row[]): readonly Row[] | null {
  if (!rows.some((row) => Object.hasOwn(row, "payload"))) return null;
  return rows.map((row) => ({ ...row, payload: {} }));
}

async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asHistoryError(error);
  }
}

const asHistoryError = (cause: unknown): HistoryError =>
  new HistoryError(`history: ${messageOf(cause)}`, { retriable: !isHopeless(cause), cause });

/** By the engine's code, not by class: chdb throws the client's errors from a copy of its own. */
const isHopeless = (error: unknown): boolean =>
  error instanceof Error && "code" in error && HOPELESS.has(String(error.code));

/** Its exceptions have numbers for codes; those of connections have names, or none. */
const isEngines = (error: unknown): boolean =>
  error instanceof Error &&
  (("code" in error && /^\d+$/.test(String(error.code))) ||
    /DB::Exception/.test(`${error.message} ${String(error.cause)}`));

/** Parse errors quote the rows at length. */
const MESSAGE_CHARS_MAX = 1000;

/** The client cuts the engine's message short at the first bracket; what chdb said is still there in whole. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const whole = error.cause instanceof Error ? error.cause.message : error.message;
  return whole
    .replace(/^(?:Code: \d+\. DB::Exception: )+/, "")
    .slice(0, MESSAGE_CHARS_MAX)
    .trim();
}

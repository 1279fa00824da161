/**
 * ClickHouse's engine, in two shapes: a server over HTTP, or the engine itself in this process (chdb). Both have a
 * road for writing and a road for people's questions, which can change nothing and has limits.
 *
 * What chdb (3.4.0, engine 26.7) can and cannot do, all of it tried:
 * - One data directory per process and one process per directory. It can be closed and opened again, the same
 *   directory or another; two sessions on one directory see the same data and keep their settings apart.
 * - Settings handed to the client become `SET` statements and outlive the query: a token handed over that way would
 *   stick to later inserts, `readonly` would end all writing. Hence settings stand in the SQL of inserts, and the
 *   session for questions is made read-only once, for good.
 * - A session answers one question at a time, each waiting in a thread of Node's small pool: they queue here instead.
 *   Questions and inserts do not wait for each other.
 * - `readonly = 1` keeps out writing, DDL, SETTINGS and most table functions, but not the function `file`, nor several
 *   statements, nor INTO OUTFILE, which writes: guard.ts does.
 * - An insert takes its rows as text in the statement, at most 512 MiB.
 */
import { mkdir } from "node:fs/promises";
import { Readable } from "node:stream";
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  createClient,
} from "@clickhouse/client";
import { isJsonObject, type Json, type JsonObject } from "../../core/model/json.ts";

export interface Engine {
  /** Runs a statement; with `body`, an insert whose rows it holds. */
  write(sql: string, body?: string): Promise<void>;
  /** Answers a question of our own. */
  ask(sql: string): Promise<readonly JsonObject[]>;
  /** Answers a question of people's, within limits, able to change nothing. */
  answer(sql: string): Promise<readonly JsonObject[]>;
  close(): Promise<void>;
}

/** What one question may cost. */
export interface Limits {
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly rows: number;
  readonly bytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  seconds: 15,
  memoryBytes: 1_000_000_000,
  rows: 10_000,
  bytes: 64_000_000,
};

const INSERT_TIMEOUT_MS = 120_000;

export interface ServerSettings {
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Limits as settings; `readonly` comes last, for after it no other can be set. */
const settingsOf = (limits: Limits): Readonly<Record<string, string>> => ({
  max_execution_time: String(limits.seconds),
  max_memory_usage: String(limits.memoryBytes),
  max_result_rows: String(limits.rows),
  max_result_bytes: String(limits.bytes),
  result_overflow_mode: "throw",
  output_format_json_quote_64bit_integers: "0",
  readonly: "1",
});

export function openServer(server: ServerSettings, database: string, limits: Limits): Engine {
  const common = {
    url: server.url,
    ...(server.user !== undefined && { username: server.user }),
    ...(server.password !== undefined && { password: server.password }),
    application: "tripline",
    // Every failure is thrown, and told by whoever asked.
    log: { level: ClickHouseLogLevel.OFF },
  };
  // No database here: the one that is to be created does not exist yet, and the server refuses what names it.
  const writer = createClient({ ...common, request_timeout: INSERT_TIMEOUT_MS });
  const reader = createClient({
    ...common,
    database,
    request_timeout: (limits.seconds + 15) * 1000,
    clickhouse_settings: { cancel_http_readonly_queries_on_client_close: 1, ...settingsOf(limits) },
  });
  return engineOn(writer, reader);
}

export async function openEmbedded(path: string, database: string, limits: Limits): Promise<Engine> {
  await mkdir(path, { recursive: true });
  // Loaded only where it is used: it is half a gigabyte of engine.
  const { createChdbConnection } = await import("chdb/connection");
  const connect = (): ClickHouseClient => {
    try {
      return createClient({ connection: connectionOf(createChdbConnection({ path })) });
    } catch (cause) {
      // The reason itself goes past us, to stderr.
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `history cannot be opened (${reason}): does another process hold it? Only one can, and the others ask that one`,
        { cause },
      );
    }
  };
  const writer = connect();
  await writer.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` });
  const reader = connect();
  await reader.command({ query: `USE ${database}` });
  const settings = Object.entries(settingsOf(limits)).map(([name, value]) => `SET ${name} = '${value}'`);
  await reader.command({ query: settings.join("; ") });
  const engine = engineOn(writer, reader);
  return { ...engine, answer: oneAtATime((sql: string) => engine.answer(sql)) };
}

function engineOn(writer: ClickHouseClient, reader: ClickHouseClient): Engine {
  return {
    async write(sql, body) {
      if (body === undefined) {
        await writer.command({ query: sql });
        return;
      }
      const { stream } = await writer.exec({ query: sql, values: Readable.from([body]) });
      for await (const _ of stream);
    },
    ask: (sql) => rowsOf(writer, sql),
    answer: (sql) => rowsOf(reader, sql),
    async close() {
      await reader.close();
      await writer.close();
    },
  };
}

async function rowsOf(client: ClickHouseClient, sql: string): Promise<readonly JsonObject[]> {
  const result = await client.query({ query: sql, format: "JSONEachRow" });
  const lines = (await result.text()).split("\n").filter((line) => line !== "");
  return lines.map((line): unknown => JSON.parse(line, exactly)).filter((row) => isJsonObject(row));
}

/** Whole numbers that JavaScript cannot hold exactly stay text. */
function exactly(_: string, value: Json, context?: { readonly source?: string }): Json {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /^-?\d+$/.test(context.source) ? context.source : value;
}

type Connection = NonNullable<ClickHouseClientConfigOptions["connection"]>;

/** The two packages declare the client's types each for itself, and so differently for the compiler. */
function connectionOf(connection: object): Connection {
  if (!isConnection(connection)) throw new Error("this version of chdb offers no connection to the client");
  return connection;
}

const isConnection = (value: object): value is Connection =>
  ["query", "command", "exec", "insert", "ping", "close"].every((name) => name in value);

/** A function that begins a call only when the one before has ended. */
function oneAtATime<In, Out>(call: (input: In) => Promise<Out>): (input: In) => Promise<Out> {
  let last: Promise<unknown> = Promise.resolve();
  return (input) => {
    const result = last.then(() => call(input));
    last = result.catch(() => undefined);
    return result;
  };
}

/**
 * Migrations: numbered, forward only. A new one is a file `NNNN-name.ts` and a line here. Every statement
 * must bear being run twice (IF NOT EXISTS): two processes may migrate at once, and one may die half-way.
 * An index is added without MATERIALIZE; the target of a materialized view needs
 * `non_replicated_deduplication_window`, as every table here has it, or a repeated block is counted twice in it.
 */
import type { Engine } from "../engine.ts";
import { tables } from "./0001-tables.ts";

export interface Migration {
  readonly number: number;
  readonly name: string;
  /** SQL, with `{database}` for the database's name. */
  readonly statements: readonly string[];
}

const MIGRATIONS: readonly Migration[] = [tables];

/** The tables that rows go to. */
export const TABLES: readonly string[] = ["events", "firings", "runs", "rejected"];

export async function migrate(engine: Engine, database: string): Promise<void> {
  await engine.write(`CREATE DATABASE IF NOT EXISTS ${database}`);
  await engine.write(`CREATE TABLE IF NOT EXISTS ${database}.migrations
    (number UInt32, name String, applied DateTime64(6, 'UTC') DEFAULT now64(6))
    ENGINE = MergeTree ORDER BY number SETTINGS non_replicated_deduplication_window = 1000`);
  const [row] = await engine.ask(`SELECT max(number) AS newest FROM ${database}.migrations`);
  const newest = Number(row?.["newest"] ?? 0);
  for (const { number, name, statements } of MIGRATIONS.filter((one) => one.number > newest)) {
    for (const statement of statements) await engine.write(statement.replaceAll("{database}", database));
    const settings = `SETTINGS insert_deduplication_token = 'migration-${number}', async_insert = 0`;
    const row = JSON.stringify({ number, name });
    await engine.write(
      `INSERT INTO ${database}.migrations (number, name) ${settings} FORMAT JSONEachRow`,
      row,
    );
  }
}

/** Rows older than this many days go, a day's parts at once; null keeps them for good. */
export async function keepFor(engine: Engine, database: string, days: number | null): Promise<void> {
  for (const table of TABLES) {
    const place = `database = '${database}' AND name = '${table}'`;
    const [found] = await engine.ask(`SELECT engine_full AS how FROM system.tables WHERE ${place}`);
    const now = /TTL toDateTime\(received\) \+ toIntervalDay\((\d+)\)/.exec(JSON.stringify(found))?.[1];
    if (now === (days === null ? undefined : String(days))) continue;
    const change = days === null ? "REMOVE TTL" : `MODIFY TTL toDateTime(received) + toIntervalDay(${days})`;
    await engine.write(
      `ALTER TABLE ${database}.${table} ${change} SETTINGS materialize_ttl_after_modify = 0`,
    );
  }
}

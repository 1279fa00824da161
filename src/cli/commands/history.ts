/** `tripline history SQL`: a question to history, and its answer as rows. */
import type { Json, JsonObject } from "../../core/model/json.ts";
import { jsonText, type Out, short, table } from "../out.ts";
import type { Settings } from "../settings.ts";
import { clientOf } from "./client.ts";

export interface HistoryOptions {
  /** The question, or `-` for what comes in on stdin. */
  readonly sql: string;
  readonly readInput: () => Promise<string>;
  readonly json?: boolean;
}

const CELL_WIDTH_MAX = 80;

export async function askHistory(settings: Settings, out: Out, options: HistoryOptions): Promise<void> {
  const sql = options.sql === "-" ? await options.readInput() : options.sql;
  if (sql.trim() === "") {
    out.fail("There is no SQL to run: give it as the argument, or on stdin with -", 2);
    return;
  }
  const client = clientOf(settings);
  const rows = await client.history(sql);
  if (options.json === true) out.print(jsonText(rows));
  else if (rows.length === 0) out.print("No rows.");
  else out.print(rowsTable(rows));
}

function rowsTable(rows: readonly JsonObject[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(
    columns,
    rows.map((row) => columns.map((column) => short(cell(row[column]), CELL_WIDTH_MAX))),
  );
}

function cell(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Conformance cases as they stand in `cases/`, and their answers (test/oracle/FORMAT.md). */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { JsonObject } from "../../src/core/model/json.ts";

export interface Case {
  readonly name: string;
  readonly given: JsonObject;
  readonly expected: {
    readonly firings: readonly JsonObject[];
    readonly rejected: readonly string[];
  };
}

/** The cases of every file, by the name of the file. */
export function readCases(): ReadonlyMap<string, readonly Case[]> {
  const folder = join(import.meta.dirname, "cases");
  const files = readdirSync(folder).toSorted();
  return new Map(
    files.map((file) => [basename(file).replace(/\.json(\.gz)?$/, ""), readFile(join(folder, file))]),
  );
}

function readFile(path: string): readonly Case[] {
  const bytes = readFileSync(path);
  const cases: readonly Case[] = JSON.parse(
    (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8"),
  );
  return cases;
}

/** Workspace variables: where templates find `variables.<name>`; read once, when a process or a replay starts. */
import { formatFault } from "../core/model/fault.ts";
import type { JsonObject } from "../core/model/json.ts";
import { variablesText } from "../define/define.ts";
import { ConfigurationError, readTextFile, reasonOf } from "./reasons.ts";

export type Variables = JsonObject;

export class VariablesError extends ConfigurationError {
  override readonly name = "VariablesError";
}

/** From a JSON object as it stands, or from the JSON or YAML file of this path; throws VariablesError. */
export async function readVariables(source: string | null, name = "TRIPLINE_VARIABLES"): Promise<Variables> {
  if (source === null) return {};
  const isInline = source.trimStart().startsWith("{");
  const place = isInline ? name : `${name}: ${source}`;
  const text = isInline ? source : await readText(source, place);
  const read = variablesText(text);
  if (read.ok) return read.value;
  throw new VariablesError(read.faults.map((fault) => `${place}: ${formatFault(fault)}`).join("\n"));
}

async function readText(path: string, place: string): Promise<string> {
  try {
    return await readTextFile(path);
  } catch (error) {
    throw new VariablesError(`${place}: ${reasonOf(error)}`);
  }
}

/** `tripline runs list`: what will run, when, why and with which parameters. */
import { type PendingRunView } from "../../sdk/sdk.ts";
import { jsonText, type Out, short, spanText, table } from "../out.ts";
import type { Settings } from "../settings.ts";
import { clientOf } from "./client.ts";

export interface RunsListOptions {
  readonly json?: boolean;
  readonly limit?: number;
}

/** What a person can take in, and the most that the server gives at once. */
const LIMIT_FOR_PEOPLE = 200;
const LIMIT_FOR_PROGRAMS = 10_000;

export async function listRuns(settings: Settings, out: Out, options: RunsListOptions): Promise<void> {
  const client = clientOf(settings);
  const limit = options.limit ?? (options.json === true ? LIMIT_FOR_PROGRAMS : LIMIT_FOR_PEOPLE);
  const { runs, total } = await client.pendingRuns({ limit });
  if (options.json === true) out.print(jsonText(runs));
  else if (total === 0) out.print("No runs are pending.");
  else out.print(table(["DUE", "IN", "DEPLOYMENT", "PARAMETERS", "CAUSE", "RUN"], runs.map(row)));
  if (total > runs.length) out.note(`${total - runs.length} more are pending; --limit shows more.`);
}

const row = (run: PendingRunView): string[] => [
  run.due,
  run.due_in_seconds <= 0 ? "now" : spanText(run.due_in_seconds),
  run.deployment_name ?? run.deployment_id,
  short(JSON.stringify(run.parameters), 40),
  short(causeText(run.cause), 60),
  run.run_id,
];

function causeText(cause: PendingRunView["cause"]): string {
  if (cause.event === null) return cause.automation_name;
  return `${cause.automation_name}: ${cause.event} of ${cause.resource_id ?? "?"}`;
}

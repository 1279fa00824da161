/** Routes that only look: pending runs, history, health, versions. */
import type { Context, Hono } from "hono";
import { isJsonObject, type JsonObject } from "../core/model/json.ts";
import { formatInstant, type Instant, toSeconds } from "../core/model/time.ts";
import { QueryError } from "../runtime/ports.ts";
import { readBody } from "./body.ts";
import { type GatewayPorts, type Limits, type PendingRun, Unavailable } from "./ports.ts";
import { detail, invalid } from "./refusal.ts";

/** What Prefect's clients ask before they speak: they refuse another major version. */
const PREFECT_VERSION = "3.8.8";
const PREFECT_API_VERSION = "0.8.4";

const PENDING_USUAL = 200;
const PENDING_MAX = 10_000;

export function addQuestions(app: Hono, ports: GatewayPorts, limits: Limits): void {
  app.get("/health", (c) => c.json(true));
  app.get("/ready", async (c) => {
    const { status, roles } = await ports.health();
    if (status === "ready") return c.json({ message: "OK", roles });
    return c.json({ message: `Not ready: ${status}`, roles }, 503);
  });
  app.get("/admin/version", (c) => c.json(PREFECT_VERSION));
  app.get("/version", (c) => c.json(PREFECT_API_VERSION));

  app.get("/runs/pending", (c) => {
    const limit = queryNumber(c, "limit", { otherwise: PENDING_USUAL, max: PENDING_MAX });
    const offset = queryNumber(c, "offset", { otherwise: 0, max: Number.MAX_SAFE_INTEGER });
    const pending = ports.pendingRuns();
    const now = ports.now();
    const runs = pending.slice(offset, offset + limit).map((run) => pendingRunJson(run, now));
    return c.json({ total: pending.length, runs });
  });

  app.post("/history/query", async (c) => {
    const { json } = await readBody(c, limits);
    const query = isJsonObject(json) ? json["query"] : undefined;
    if (typeof query !== "string") {
      const type = query === undefined ? "missing" : "string_type";
      const message = query === undefined ? "Field required" : "Input should be a valid string";
      throw invalid("body", [{ at: ["query"], type, message, input: query }], json);
    }
    try {
      return c.json({ rows: await ports.history(query) });
    } catch (error) {
      if (error instanceof QueryError) throw detail(400, error.message);
      if (error instanceof Unavailable) throw detail(503, error.message);
      throw error;
    }
  });
}

function queryNumber(c: Context, name: string, range: { otherwise: number; max: number }): number {
  const text = c.req.query(name);
  if (text === undefined) return range.otherwise;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= range.max) return value;
  const message = `Input should be a whole number from 0 to ${range.max}`;
  throw invalid("query", [{ at: [name], type: "value_error", message, input: text }]);
}

function pendingRunJson({ command, due }: PendingRun, now: Instant): JsonObject {
  return {
    run_id: command.runId,
    due: formatInstant(due),
    due_in_seconds: (due - now) / 1_000_000,
    deployment_id: command.deploymentId,
    deployment_name: command.deploymentName,
    parameters: command.parameters,
    job_variables: command.jobVariables,
    triggered: formatInstant(command.triggered),
    schedule_after: toSeconds(command.scheduleAfter),
    cause: {
      automation_id: command.automationId,
      automation_name: command.automationName,
      trigger_id: command.triggerId,
      firing_id: command.firingId,
      event_id: command.eventId,
      event: command.eventName,
      resource_id: command.resourceId,
    },
  };
}

/** Speaks to a gateway: what the command line, and programs, ask of a running Tripline. */

import { type Fault, formatFault } from "../core/model/fault.ts";
import type { Json, JsonObject } from "../core/model/json.ts";
import { isJsonObject } from "../core/model/json.ts";

export interface ClientOptions {
  /** Ends in `/api`: `http://127.0.0.1:4200/api`. */
  readonly url: string;
  /** What the address was taken from, a flag or a variable: complaints name it. */
  readonly urlFrom?: string | null;
  /** `user:password` for Basic, any other text for Bearer. */
  readonly auth?: string | null;
  /** How long an answer may take. */
  readonly timeoutMs?: number;
}

/** An event as a sender writes it; `id` and `occurred` are filled in where they are missing. */
export interface NewEvent {
  readonly event: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly related?: readonly Readonly<Record<string, string>>[];
  readonly payload?: JsonObject;
  readonly id?: string;
  readonly occurred?: string;
  readonly follows?: string;
}

export type ApplyStatus = "created" | "updated" | "unchanged";

/** What became of one deployment of an apply. */
export interface AppliedDeployment {
  readonly id: string;
  readonly name: string;
  readonly flow_name: string;
  readonly status: ApplyStatus;
  readonly automations: readonly {
    readonly id: string;
    readonly name: string;
    readonly status: ApplyStatus | "deleted";
  }[];
}

/** A run that waits for its time, and why it is there. */
export interface PendingRunView {
  readonly run_id: string;
  readonly due: string;
  readonly due_in_seconds: number;
  readonly deployment_id: string;
  readonly deployment_name: string | null;
  readonly parameters: JsonObject;
  readonly job_variables: JsonObject | null;
  readonly triggered: string;
  readonly schedule_after: number;
  readonly cause: {
    readonly automation_id: string;
    readonly automation_name: string;
    readonly trigger_id: string;
    readonly firing_id: string;
    readonly event_id: string | null;
    readonly event: string | null;
    readonly resource_id: string | null;
  };
}

export interface PendingRuns {
  readonly total: number;
  readonly runs: readonly PendingRunView[];
}

/** An automation as the API shows it (triggers-spec 6.1). */
export interface AutomationView {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly trigger: JsonObject;
  readonly actions: readonly JsonObject[];
  readonly created: string;
  readonly updated: string;
}

export interface Client {
  sendEvents(events: readonly NewEvent[]): Promise<void>;
  /** Deploys all of the body or nothing of it. */
  apply(body: unknown): Promise<readonly AppliedDeployment[]>;
  automations(): Promise<readonly AutomationView[]>;
  pendingRuns(page?: { readonly limit?: number; readonly offset?: number }): Promise<PendingRuns>;
  history(sql: string): Promise<readonly JsonObject[]>;
  health(): Promise<boolean>;
}

/** What the server refused, or that it could not be asked. The message is for people; `faults` are for programs. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /** Null: there was no answer. */
  readonly status: number | null;
  readonly faults: readonly Fault[];
  constructor(message: string, about: { status?: number; faults?: readonly Fault[]; cause?: unknown } = {}) {
    super(message, { cause: about.cause });
    this.status = about.status ?? null;
    this.faults = about.faults ?? [];
  }
}

const AUTOMATIONS_PAGE = 200;

/** A client of the gateway at this address. */
export function createClient(options: ClientOptions): Client {
  const ask = asker(options);
  return {
    sendEvents: async (events) => {
      await ask("POST", "/events", events);
    },
    apply: (body) => ask("POST", "/deployments/apply", body),
    automations: async () => {
      const all: AutomationView[] = [];
      for (;;) {
        const page: readonly AutomationView[] = await ask("POST", "/automations/filter", {
          limit: AUTOMATIONS_PAGE,
          offset: all.length,
        });
        all.push(...page);
        if (page.length < AUTOMATIONS_PAGE) return all;
      }
    },
    pendingRuns: ({ limit, offset } = {}) => {
      const query = new URLSearchParams();
      if (limit !== undefined) query.set("limit", String(limit));
      if (offset !== undefined) query.set("offset", String(offset));
      return ask("GET", `/runs/pending?${query.toString()}`);
    },
    history: async (sql) => {
      const answer: { readonly rows: readonly JsonObject[] } = await ask("POST", "/history/query", {
        query: sql,
      });
      return answer.rows;
    },
    health: () => ask("GET", "/health"),
  };
}

type Ask = <T>(method: "GET" | "POST", path: string, body?: unknown) => Promise<T>;

function asker({ url, urlFrom = null, auth = null, timeoutMs = 60_000 }: ClientOptions): Ask {
  const base = url.replace(/\/+$/, "");
  const headers: Record<string, string> = { Accept: "application/json" };
  if (auth !== null) headers["Authorization"] = authorization(auth);
  return async (method, path, body) => {
    const request: RequestInit = { method, headers, signal: AbortSignal.timeout(timeoutMs) };
    if (body !== undefined) {
      request.body = JSON.stringify(body);
      request.headers = { ...headers, "Content-Type": "application/json" };
    }
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${base}${path}`, request);
      text = await response.text();
    } catch (error) {
      throw unreachable(base, urlFrom, error);
    }
    const answer = parsed(text);
    if (!response.ok) throw refused(base, response.status, answer);
    return answer;
  };
}

/** Whoever names the type of an answer vouches for it: both ends are ours, and tests hold them together. */
function parsed(text: string) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

const authorization = (auth: string): string =>
  auth.includes(":") ? `Basic ${Buffer.from(auth).toString("base64")}` : `Bearer ${auth}`;

function unreachable(url: string, urlFrom: string | null, error: unknown): ClientError {
  if (error instanceof Error && error.name === "TimeoutError") {
    return new ClientError(`${url} did not answer in time`, { cause: error });
  }
  const from = urlFrom === null ? "" : ` (${urlFrom})`;
  if (isNameUnknown(error)) {
    return new ClientError(`There is no host named ${new URL(url).hostname}, as ${url}${from} has it`, {
      cause: error,
    });
  }
  return new ClientError(
    `Nothing answers at ${url}${from}. Start it with \`tripline start\` (npm start), or say where it is with TRIPLINE_API_URL.`,
    { cause: error },
  );
}

function isNameUnknown(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && "code" in cause && ["ENOTFOUND", "EAI_AGAIN"].includes(String(cause.code));
}

function refused(url: string, status: number, answer: Json): ClientError {
  if (status === 401) {
    return new ClientError(`${url} asks for credentials: set TRIPLINE_API_AUTH as the server has it`, {
      status,
    });
  }
  if (status === 404 && !url.endsWith("/api") && reason(answer) === "Not Found") {
    return new ClientError(`${url} answered 404: the address of the API ends in /api; is it ${url}/api?`, {
      status,
    });
  }
  const faults = faultsOf(answer);
  if (faults.length > 0) {
    return new ClientError(["The server refused this:", ...faults.map(formatFault)].join("\n  "), {
      status,
      faults,
    });
  }
  return new ClientError(`${url} answered ${status}: ${reason(answer)}`, { status });
}

function reason(answer: Json): string {
  if (!isJsonObject(answer)) return "no reason given";
  return textOf(answer["detail"] ?? answer["exception_message"]);
}

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "no reason given");

/** The faults of a 422, their places without the leading `body`. */
function faultsOf(answer: Json): Fault[] {
  const told = isJsonObject(answer) ? answer["exception_detail"] : null;
  if (!Array.isArray(told)) return [];
  return told.filter(isJsonObject).map((fault) => ({
    at: placeOf(fault["loc"]),
    type: textOf(fault["type"]),
    message: textOf(fault["msg"]),
  }));
}

function placeOf(loc: Json | undefined): (string | number)[] {
  if (!Array.isArray(loc)) return [];
  const steps = loc.filter((step) => typeof step === "string" || typeof step === "number");
  return steps[0] === "body" ? steps.slice(1) : steps;
}

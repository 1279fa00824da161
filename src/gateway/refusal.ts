/** How the gateway says no: the error envelopes that Prefect's clients know (triggers-spec 1.3). */

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Fault } from "../core/model/fault.ts";
import { LogError } from "../runtime/ports.ts";

type Place = "body" | "query" | "path";

/** Thrown by whoever reads a request; answered in one place. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: ContentfulStatusCode;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: ContentfulStatusCode, body: object, headers: Readonly<Record<string, string>> = {}) {
    super(JSON.stringify(body).slice(0, 200));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** A refusal as Prefect words those that its routes raise by hand. */
export const detail = (status: ContentfulStatusCode, text: string): Refusal =>
  new Refusal(status, { detail: text });

export const notFound = (what: string): Refusal =>
  new Refusal(404, { exception_message: `${what} not found` });

/** A request whose contents are wrong: told all at once, each fault with its place. */
export function invalid(place: Place, faults: readonly Fault[], body?: unknown): Refusal {
  const told = faults.slice(0, FAULTS_MAX).map((fault) => ({
    type: fault.type,
    loc: [place, ...fault.at],
    msg: fault.message,
    input: echo(fault.input),
  }));
  if (faults.length > told.length) {
    told.push({ type: "too_many_faults", loc: [place], msg: "further faults are not listed", input: null });
  }
  return new Refusal(422, {
    exception_message: "Invalid request received.",
    exception_detail: told,
    request_body: echo(body),
  });
}

/** A body that is no JSON, as Prefect's server says it. */
export const notJson = (position: number, reason: string): Refusal =>
  new Refusal(422, {
    exception_message: "Invalid request received.",
    exception_detail: [
      {
        type: "json_invalid",
        loc: ["body", position],
        msg: "JSON decode error",
        input: {},
        ctx: { error: reason },
      },
    ],
    request_body: null,
  });

/** A small bad body must not ask for a huge answer. */
export const FAULTS_MAX = 1000;
const ECHO_BYTES_MAX = 4096;

/** What was sent, sent back; left out where that would be much. */
function echo(value: unknown): unknown {
  if (value === undefined) return null;
  return JSON.stringify(value).length <= ECHO_BYTES_MAX ? value : null;
}

const INTERNAL = { exception_message: "Internal Server Error" };
const UNAVAILABLE = { exception_message: "Service Unavailable" };

/** Answers whatever a route threw; what is not a refusal is ours to mend, is logged once, and tells the client nothing. */
export function answerError(
  error: unknown,
  c: Context,
  internal: {
    readonly requestId: () => string;
    readonly log: (line: string) => void;
    readonly isDebugged?: boolean;
  },
): Response {
  if (error instanceof Refusal) return c.json(error.body, error.status, { ...error.headers });
  const requestId = internal.requestId();
  const stack = error instanceof Error && internal.isDebugged === true ? error.stack : undefined;
  const why = stack ?? String(error).replaceAll(/\s*\n\s*/g, " ");
  internal.log(`request ${requestId}: ${c.req.method} ${c.req.path} failed: ${why}`);
  // The log is away for a moment: clients try again by themselves.
  const isPassing = error instanceof LogError && error.retriable;
  if (isPassing) return c.json(UNAVAILABLE, 503, { "Retry-After": "1", "X-Request-Id": requestId });
  return c.json(INTERNAL, 500, { "X-Request-Id": requestId });
}

/** The port at which other processes ask the history that one process owns, and the side that asks. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isJsonObject, type JsonObject } from "../../core/model/json.ts";
import { type History, HistoryAway, QueryError } from "../../runtime/ports.ts";

const BODY_BYTES_MAX = 1024 * 1024;
const ANSWER_TIMEOUT_MS = 120_000;
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export interface ServedHistory {
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

/** Answers `POST /query {"sql": …}` with `{"rows": […]}`, or 400 with `{"error": …}`. Port 0 takes a free one. */
export async function serveHistory(
  history: Pick<History, "query">,
  { port, host = "127.0.0.1" }: { readonly port: number; readonly host?: string },
): Promise<ServedHistory> {
  const server = createServer((request, response) => void respond(history, request, response));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  await promise;
  const address = server.address();
  const taken = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** Asks a history that another process serves. */
export function remoteHistory(url: string): Pick<History, "query" | "close"> {
  return {
    async query(sql) {
      const answer = await ask(url, sql);
      if (isJsonObject(answer) && Array.isArray(answer["rows"])) return answer["rows"].filter(isJsonObject);
      const error = isJsonObject(answer) ? answer["error"] : undefined;
      throw new QueryError(typeof error === "string" ? error : `what answers at ${url} is not history`);
    },
    close: async () => undefined,
  };
}

async function ask(url: string, sql: string): Promise<unknown> {
  try {
    const response = await fetch(new URL("/query", url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sql }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new QueryError(`what answers at ${url} is not history`);
    const reason =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new HistoryAway(
      `no history is served at ${url} (${reason}): is the process with the historian running?`,
      { cause: error },
    );
  }
}

async function respond(
  history: Pick<History, "query">,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, body } = await answerTo(history, request);
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function answerTo(history: Pick<History, "query">, request: IncomingMessage): Promise<Answer> {
  const refused = whyNot(request);
  if (refused !== null) return refused;
  try {
    const text = await bodyOf(request);
    if (text === null) return refusal(413, `a question is at most ${BODY_BYTES_MAX} bytes`);
    const asked: unknown = JSON.parse(text);
    const sql = isJsonObject(asked) ? asked["sql"] : undefined;
    if (typeof sql !== "string") return refusal(400, 'expected {"sql": "…"}');
    return { status: 200, body: { rows: await history.query(sql) } };
  } catch (error) {
    const isOurs = error instanceof QueryError || error instanceof SyntaxError;
    return refusal(isOurs ? 400 : 500, error instanceof Error ? error.message : String(error));
  }
}

/** A web page could make its reader's browser ask us, by a name that leads here or by a form: neither passes. */
function whyNot({ headers, method, url }: IncomingMessage): Answer | null {
  if (!LOOPBACK.test(headers.host ?? "")) return refusal(403, "asked by another name than loopback");
  if (method !== "POST" || url !== "/query") return refusal(404, "there is only POST /query");
  if (headers["content-type"]?.split(";")[0] === "application/json") return null;
  return refusal(415, "expected content-type application/json");
}

const refusal = (status: number, error: string): Answer => ({ status, body: { error } });

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) continue;
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return size > BODY_BYTES_MAX ? null : Buffer.concat(chunks).toString("utf8");
}

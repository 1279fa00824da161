/** What a program asks over HTTP: events in, definitions in, pending runs and history out. Speaks to ports only. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { addAutomations } from "./automations.ts";
import { addDeployments } from "./deployments.ts";
import { addEvents } from "./events.ts";
import { guard, isLoopback } from "./guard.ts";
import { defaultLimits, type GatewayPorts, type GatewaySettings } from "./ports.ts";
import { addQuestions } from "./questions.ts";
import { answerError } from "./refusal.ts";

export { isLoopback } from "./guard.ts";
export {
  type Change,
  type Decision,
  type GatewayPorts,
  type GatewaySettings,
  type Health,
  type PendingRun,
  Unavailable,
} from "./ports.ts";

/** The routes over these ports, everything under `/api`. */
export function createGateway(ports: GatewayPorts, settings: GatewaySettings): Hono {
  const limits = { ...defaultLimits, ...settings.limits };
  const api = new Hono();
  addEvents(api, ports, limits);
  addAutomations(api, ports, limits);
  addDeployments(api, ports, limits);
  addQuestions(api, ports, limits);

  const app = new Hono();
  app.use(guard(settings.auth));
  app.route("/api", api);
  app.notFound((c) => {
    const allowed = METHODS.filter((method) => isRoute(app, method, c.req.path));
    if (allowed.length === 0) return c.json({ detail: "Not Found" }, 404);
    return c.json({ detail: "Method Not Allowed" }, 405, { Allow: allowed.join(", ") });
  });
  app.onError((error, c) => answerError(error, c, { requestId: () => ports.newId(), ...settings }));
  return app;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Whether a route stands there, and not only the guard before all of them. */
const isRoute = (app: Hono, method: string, path: string): boolean =>
  app.router.match(method, path)[0].some(([[, route]]) => route.method !== "ALL");

export interface Address {
  readonly host: string;
  readonly port: number;
  /** As the gateway has it: without credentials only loopback is served. */
  readonly auth?: string | null;
}

export interface Served {
  /** Where clients find the API: ends in `/api`. */
  readonly url: string;
  /** Lets requests under way end, up to a moment. */
  close(): Promise<void>;
}

const CLOSE_MS_MAX = 3000;
const serverOptions = { requestTimeout: 60_000, headersTimeout: 15_000, maxHeaderSize: 32_768 };

/** Listens; throws where it must not or cannot. */
export async function serveGateway(app: Hono, { host, port, auth = null }: Address): Promise<Served> {
  if (auth === null && !isLoopback(host)) {
    throw new Error(
      `Without TRIPLINE_API_AUTH the API listens on loopback only, not on ${host}: set it, or use 127.0.0.1`,
    );
  }
  const answer = getRequestListener(app.fetch);
  const server = createServer(serverOptions, (request, response) => void answer(request, response));
  server.listen(port, host);
  await once(server, "listening").catch((error: unknown) => {
    throw listenError(error, host, port);
  });
  return { url: `http://${urlHost(host)}:${portOf(server)}/api`, close: () => closed(server) };
}

const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return address.port;
}

const WHY_DEAF: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "something else listens there; choose another with TRIPLINE_PORT"],
  [
    "EACCES",
    "permission denied; ports below 1024 are the administrator's, choose another with TRIPLINE_PORT",
  ],
  ["EADDRNOTAVAIL", "this machine has no such address (TRIPLINE_HOST)"],
  ["ENOTFOUND", "there is no host of that name (TRIPLINE_HOST)"],
]);

function listenError(error: unknown, host: string, port: number): Error {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const hint = WHY_DEAF.get(String(code)) ?? (error instanceof Error ? error.message : String(error));
  return new Error(`The API cannot listen on ${host}:${port}: ${hint}`, { cause: error });
}

async function closed(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS_MAX);
  const done = once(server, "close");
  server.close();
  server.closeIdleConnections();
  await done;
  clearTimeout(timer);
}

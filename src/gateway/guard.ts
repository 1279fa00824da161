/** Who may ask at all: the gate in front of every route. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { detail, Refusal } from "./refusal.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i;

/** Whether a host name or address, without its port, means this machine and nothing else. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** Prefect's own probes come without credentials. */
const OPEN_PATHS = new Set(["/api/health", "/api/ready"]);
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Lets a request pass or refuses it. Without credentials the server is for this machine alone: the name it was called
 * by must be loopback, or any web page could reach it by pointing a name of its own at 127.0.0.1.
 */
export function guard(auth: string | null): MiddlewareHandler {
  const isAuthorized = auth === null ? () => true : credentialCheck(auth);
  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (auth === null && !isLoopback(hostName(host))) {
      throw detail(403, "Without TRIPLINE_API_AUTH only loopback host names are served");
    }
    if (!SAFE_METHODS.has(c.req.method) && !isOwnOrigin(c.req.header("origin"), host)) {
      throw detail(403, "Requests from web pages of other origins are refused");
    }
    if (!OPEN_PATHS.has(c.req.path) && !isAuthorized(c.req.header("authorization") ?? "")) {
      throw new Refusal(401, { exception_message: "Unauthorized" });
    }
    checkApiVersion(c.req.header("x-prefect-api-version"));
    await next();
  };
}

const hostName = (host: string): string => host.replace(/:\d+$/, "");

/** Browsers name the page that writes; a page of this machine, or one we served, may. Programs name none. */
function isOwnOrigin(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  return from.host === host.toLowerCase() || isLoopback(from.hostname);
}

/** Compares digests, so that the time taken says nothing about the secret, nor about its length. */
function credentialCheck(auth: string): (header: string) => boolean {
  const scheme = auth.includes(":") ? "basic" : "bearer";
  const wanted = digest(auth);
  return (header) => {
    const [, given = "", credentials = ""] = /^(\S+) +(\S+)$/.exec(header) ?? [];
    const text = scheme === "basic" ? Buffer.from(credentials, "base64").toString("utf8") : credentials;
    const isSame = timingSafeEqual(digest(text), wanted);
    return isSame && given.toLowerCase() === scheme;
  };
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;
const OLDEST_API = [0, 8, 0];

function checkApiVersion(header: string | undefined): void {
  if (header === undefined) return;
  const parts = VERSION.exec(header)?.slice(1).map(Number);
  if (parts === undefined)
    throw detail(400, `Invalid X-PREFECT-API-VERSION header: expected x.y.z, found ${header}`);
  const firstOther = parts.findIndex((part, i) => part !== OLDEST_API[i]);
  if (firstOther !== -1 && (parts[firstOther] ?? 0) < (OLDEST_API[firstOther] ?? 0)) {
    throw detail(400, `The client speaks API ${header}; the oldest understood is ${OLDEST_API.join(".")}`);
  }
}

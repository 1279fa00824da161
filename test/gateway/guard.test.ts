/** Who may ask: a table of attempts and answers. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGateway, serveGateway } from "../../src/gateway/gateway.ts";
import { memoryPorts } from "./memory-ports.ts";

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

interface Attempt {
  readonly what: string;
  readonly auth?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers: Record<string, string>;
  readonly status: number;
}

const own = { host: "127.0.0.1:4200" };

const attempts: readonly Attempt[] = [
  // Without credentials: this machine only.
  { what: "loopback by address", headers: own, status: 200 },
  { what: "loopback by name", headers: { host: "localhost:4200" }, status: 200 },
  { what: "loopback by address, version 6", headers: { host: "[::1]:4200" }, status: 200 },
  { what: "another address of loopback", headers: { host: "127.8.8.8" }, status: 200 },
  { what: "a name that points here (DNS rebinding)", headers: { host: "evil.example:4200" }, status: 403 },
  { what: "a name that begins like loopback", headers: { host: "127.0.0.1.evil.example" }, status: 403 },
  { what: "a name that ends like loopback", headers: { host: "localhost.evil.example" }, status: 403 },
  { what: "user info that looks like loopback", headers: { host: "localhost@evil.example" }, status: 403 },
  { what: "an address of the network", headers: { host: "10.0.0.7:4200" }, status: 403 },
  {
    what: "a rebound name, even for health",
    path: "/api/health",
    headers: { host: "evil.example" },
    status: 403,
  },

  // Web pages of others may not write.
  { what: "a write by no page", method: "POST", headers: own, status: 204 },
  {
    what: "a write by a page of this machine",
    method: "POST",
    headers: { ...own, origin: "http://localhost:3000" },
    status: 204,
  },
  {
    what: "a write by a page elsewhere",
    method: "POST",
    headers: { ...own, origin: "https://evil.example" },
    status: 403,
  },
  {
    what: "a write by a page that hides where it is from",
    method: "POST",
    headers: { ...own, origin: "null" },
    status: 403,
  },
  {
    what: "a write by a page with a name like ours",
    method: "POST",
    headers: { ...own, origin: "http://127.0.0.1.evil.example" },
    status: 403,
  },
  {
    what: "a deletion by a page elsewhere",
    method: "DELETE",
    path: "/api/automations/owned-by/x",
    headers: { ...own, origin: "https://evil.example" },
    status: 403,
  },
  {
    what: "a look by a page elsewhere, which cannot read the answer",
    headers: { ...own, origin: "https://evil.example" },
    status: 200,
  },
  {
    what: "a write by a page elsewhere with the browser's credentials",
    auth: "u:p",
    method: "POST",
    headers: { host: "t.example", origin: "https://evil.example", authorization: basic("u:p") },
    status: 403,
  },
  {
    what: "a write by our own page under another name",
    auth: "u:p",
    method: "POST",
    headers: { host: "t.example", origin: "https://t.example", authorization: basic("u:p") },
    status: 204,
  },

  // Basic.
  { what: "user and password", auth: "u:p", headers: { ...own, authorization: basic("u:p") }, status: 200 },
  {
    what: "the scheme in small letters",
    auth: "u:p",
    headers: { ...own, authorization: basic("u:p").replace("Basic", "basic") },
    status: 200,
  },
  {
    what: "a password with a colon",
    auth: "u:p:q",
    headers: { ...own, authorization: basic("u:p:q") },
    status: 200,
  },
  {
    what: "credentials from anywhere",
    auth: "u:p",
    headers: { host: "t.example", authorization: basic("u:p") },
    status: 200,
  },
  { what: "no credentials", auth: "u:p", headers: own, status: 401 },
  { what: "a wrong password", auth: "u:p", headers: { ...own, authorization: basic("u:q") }, status: 401 },
  {
    what: "the beginning of the password",
    auth: "u:pass",
    headers: { ...own, authorization: basic("u:pas") },
    status: 401,
  },
  { what: "the user alone", auth: "u:p", headers: { ...own, authorization: basic("u:") }, status: 401 },
  {
    what: "credentials in the clear",
    auth: "u:p",
    headers: { ...own, authorization: "Basic u:p" },
    status: 401,
  },
  {
    what: "Bearer where Basic is asked",
    auth: "u:p",
    headers: { ...own, authorization: "Bearer u:p" },
    status: 401,
  },
  {
    what: "Basic's credentials called Bearer",
    auth: "u:p",
    headers: { ...own, authorization: basic("u:p").replace("Basic", "Bearer") },
    status: 401,
  },
  {
    what: "no scheme",
    auth: "u:p",
    headers: { ...own, authorization: Buffer.from("u:p").toString("base64") },
    status: 401,
  },

  // Bearer.
  { what: "the token", auth: "token", headers: { ...own, authorization: "Bearer token" }, status: 200 },
  { what: "a wrong token", auth: "token", headers: { ...own, authorization: "Bearer tokem" }, status: 401 },
  { what: "an empty token", auth: "token", headers: { ...own, authorization: "Bearer " }, status: 401 },
  {
    what: "Basic where Bearer is asked",
    auth: "token",
    headers: { ...own, authorization: basic("token") },
    status: 401,
  },

  // Probes.
  { what: "health without credentials", auth: "u:p", path: "/api/health", headers: own, status: 200 },
  { what: "readiness without credentials", auth: "u:p", path: "/api/ready", headers: own, status: 200 },
  {
    what: "the version without credentials",
    auth: "u:p",
    path: "/api/admin/version",
    headers: own,
    status: 401,
  },
  { what: "an unknown route without credentials", auth: "u:p", path: "/api/nope", headers: own, status: 401 },

  // The client's API version.
  { what: "Prefect's client", headers: { ...own, "x-prefect-api-version": "0.8.4" }, status: 200 },
  { what: "the oldest client", headers: { ...own, "x-prefect-api-version": "0.8.0" }, status: 200 },
  { what: "a client from later on", headers: { ...own, "x-prefect-api-version": "1.0.0" }, status: 200 },
  { what: "a client too old", headers: { ...own, "x-prefect-api-version": "0.7.9" }, status: 400 },
  { what: "a version that is none", headers: { ...own, "x-prefect-api-version": "latest" }, status: 400 },
];

const bodies: Readonly<Record<number, RegExp>> = {
  400: /^\{"detail":"/,
  401: /^\{"exception_message":"Unauthorized"\}$/,
  403: /^\{"detail":"/,
};

describe("the gate", () => {
  for (const { what, auth = null, method = "GET", path, headers, status } of attempts) {
    it(`answers ${status} to ${what}`, async () => {
      const app = createGateway(memoryPorts(), { auth, log: () => {} });
      const route = path ?? (method === "GET" ? "/api/deployments" : "/api/events");
      const body = method === "POST" ? "[]" : null;
      const response = await app.request(`http://127.0.0.1${route}`, { method, headers, body });
      assert.equal(response.status, status);
      assert.match(await response.text(), bodies[status] ?? /^/);
    });
  }
});

describe("listening", () => {
  const app = createGateway(memoryPorts(), { auth: null, log: () => {} });

  for (const host of ["0.0.0.0", "::", "10.0.0.7", "example.com", ""]) {
    it(`is refused on ${JSON.stringify(host)} without credentials`, async () => {
      await assert.rejects(serveGateway(app, { host, port: 0 }), /TRIPLINE_API_AUTH/);
    });
  }

  it("tells where, and lets go when it is closed", async () => {
    const served = await serveGateway(app, { host: "127.0.0.1", port: 0 });
    assert.match(served.url, /^http:\/\/127\.0\.0\.1:\d+\/api$/);
    assert.equal(await (await fetch(`${served.url}/health`)).text(), "true");
    await served.close();
    await assert.rejects(fetch(`${served.url}/health`));
  });

  it("on a port that is taken says so", async () => {
    const served = await serveGateway(app, { host: "127.0.0.1", port: 0 });
    const port = Number(new URL(served.url).port);
    try {
      await assert.rejects(
        serveGateway(app, { host: "127.0.0.1", port }),
        /127\.0\.0\.1:\d+: something else listens/,
      );
    } finally {
      await served.close();
    }
  });
});

describe("a body that is too large over the network", () => {
  it("is answered, and the server goes on", async () => {
    const limits = { bodyBytesMax: 1000 };
    const app = createGateway(memoryPorts(), { auth: null, log: () => {}, limits });
    const served = await serveGateway(app, { host: "127.0.0.1", port: 0 });
    try {
      const chunks = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: (controller) => controller.enqueue(new Uint8Array(500)),
      });
      const answer = await fetch(`${served.url}/events`, {
        method: "POST",
        body: chunks,
        duplex: "half",
      }).then(
        (response) => response.status,
        // The connection may be gone before the sender has looked at the answer.
        () => 413,
      );
      assert.equal(answer, 413);
      assert.equal((await fetch(`${served.url}/events`, { method: "POST", body: "[]" })).status, 204);
    } finally {
      await served.close();
    }
  });
});

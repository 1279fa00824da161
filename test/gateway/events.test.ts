/** `POST /api/events`: what is taken, what is refused, and in which words. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createGateway } from "../../src/gateway/gateway.ts";
import { at, memoryPorts } from "./memory-ports.ts";

const ID = "0195c8d3-0000-7000-8000-00000000000a";
const ping = {
  event: "external.resource.pinged",
  resource: { "prefect.resource.id": "my.external.resource" },
};

function setting(limits = {}) {
  const ports = memoryPorts();
  const app = createGateway(ports, { auth: null, log: () => {}, limits });
  const send = async (body: string | Uint8Array<ArrayBuffer> | null, path = "/api/events") => {
    const response = await app.request(path, { method: "POST", body });
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? null : JSON.parse(text),
      headers: response.headers,
    };
  };
  return { ports, send, sendJson: (json: unknown) => send(JSON.stringify(json)) };
}

describe("events that are taken", () => {
  it("may be one bare object, without id and time: both are filled in", async () => {
    const { ports, sendJson } = setting();
    assert.deepEqual(await sendJson(ping).then(({ status, body }) => [status, body]), [204, null]);
    assert.equal(ports.published.length, 1);
    const [event] = ports.published[0] ?? [];
    assert.equal(event?.id, "0195c8d3-0000-7000-8000-000000000001");
    assert.equal(event?.occurred, ports.clock);
    assert.deepEqual(event?.resource, ping.resource);
  });

  it("keep their own id, time, order and payload, published as one", async () => {
    const { ports, sendJson } = setting();
    const first = { ...ping, id: ID, occurred: "2026-11-20T11:59:00Z", payload: { n: 1 } };
    const { status } = await sendJson([first, { ...ping, event: "second" }]);
    assert.equal(status, 204);
    assert.equal(ports.published.length, 1);
    assert.deepEqual(
      ports.published[0]?.map(({ event }) => event),
      ["external.resource.pinged", "second"],
    );
    assert.deepEqual(
      [ports.published[0]?.[0]?.id, ports.published[0]?.[0]?.occurred, ports.published[0]?.[0]?.payload],
      [ID, at("2026-11-20T11:59:00Z"), { n: 1 }],
    );
  });

  it("may be none", async () => {
    const { sendJson } = setting();
    assert.equal((await sendJson([])).status, 204);
  });

  it("are not answered before they are durable", async () => {
    const { ports, sendJson } = setting();
    const durable = Promise.withResolvers<void>();
    const handedOn = Promise.withResolvers<void>();
    ports.publishEvents = () => {
      handedOn.resolve();
      return durable.promise;
    };
    let answered = false;
    const sent = sendJson(ping).then(() => {
      answered = true;
    });
    await handedOn.promise;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answered, false);
    durable.resolve();
    await sent;
  });

  it("may carry names that mean something to JavaScript", async () => {
    const { ports, send } = setting();
    const payload = '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}';
    const resource = '{"prefect.resource.id": "r", "__proto__": "label", "constructor": "label"}';
    assert.equal((await send(`{"event": "e", "resource": ${resource}, "payload": ${payload}}`)).status, 204);
    assert.equal(JSON.stringify(ports.published[0]?.[0]?.payload), JSON.stringify(JSON.parse(payload)));
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });

  it("posted to the path with a slash are sent to the one without", async () => {
    const { send, ports } = setting();
    const { status, headers } = await send(JSON.stringify(ping), "/api/events/");
    assert.deepEqual([status, headers.get("location")], [307, "/api/events"]);
    assert.equal(ports.published.length, 0);
  });
});

describe("events that are refused", () => {
  it("are told with every fault of every event, and none of the batch is taken", async () => {
    const { ports, sendJson } = setting();
    const body = [
      ping,
      { resource: { "prefect.resource.name": "no id" } },
      { ...ping, id: "7", related: [{ "prefect.resource.id": "r" }], payload: [] },
    ];
    const answer = await sendJson(body);
    assert.equal(answer.status, 422);
    assert.equal(answer.body.exception_message, "Invalid request received.");
    assert.deepEqual(answer.body.request_body, body);
    assert.deepEqual(
      answer.body.exception_detail.map((fault: { loc: unknown[]; type: string }) => [
        fault.type,
        ...fault.loc,
      ]),
      [
        ["missing", "body", 1, "event"],
        ["value_error", "body", 1, "resource"],
        ["uuid_parsing", "body", 2, "id"],
        ["value_error", "body", 2, "related", 0],
        ["dict_type", "body", 2, "payload"],
      ],
    );
    assert.equal(ports.published.length, 0);
  });

  const cases: readonly [string, string | null, number, RegExp][] = [
    ["no body", null, 422, /"missing".*"loc":\["body"\].*Field required/],
    ["what is not JSON", "{", 422, /"json_invalid".*JSON decode error/],
    ["a text", '"ping"', 422, /"list_type".*Input should be a valid list/],
    ["null", "null", 422, /list_type/],
    ["a bare object, its place without a number", "{}", 422, /"loc":\["body","event"\]/],
    ["an array in an array", "[[]]", 422, /"loc":\["body",0\]/],
  ];
  for (const [what, body, status, said] of cases) {
    it(`are ${what}`, async () => {
      const { send } = setting();
      const answer = await send(body);
      assert.equal(answer.status, status);
      assert.match(JSON.stringify(answer.body), said);
    });
  }

  it("are what is not UTF-8", async () => {
    const { send } = setting();
    const answer = await send(new Uint8Array([0x22, 0xc3, 0x28, 0x22]));
    assert.equal(answer.status, 422);
    assert.match(JSON.stringify(answer.body), /json_invalid/);
  });

  it("get an answer of bearable size however much is wrong", async () => {
    const { sendJson } = setting();
    const answer = await sendJson(Array.from({ length: 100_000 }, () => 7));
    assert.equal(answer.status, 422);
    assert.ok(JSON.stringify(answer.body).length < 200_000);
    assert.match(JSON.stringify(answer.body), /further faults are not listed/);
  });
});

describe("what is too much", () => {
  const big = { ...ping, payload: { text: "x".repeat(5000) } };

  it("is a body over the limit, which is named", async () => {
    const { sendJson, ports } = setting({ bodyBytesMax: 4000 });
    const answer = await sendJson(big);
    assert.deepEqual(
      [answer.status, answer.body],
      [413, { detail: "The request body is larger than the limit of 4000 bytes" }],
    );
    assert.equal(ports.published.length, 0);
  });

  it("is cut off while it comes in, however long it would go on", async () => {
    const { send } = setting({ bodyBytesMax: 4000 });
    let pulled = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(1000).fill(0x20));
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    const request = new Request("http://localhost/api/events", {
      method: "POST",
      body: endless,
      duplex: "half",
    });
    const ports = memoryPorts();
    const app = createGateway(ports, { auth: null, log: () => {}, limits: { bodyBytesMax: 4000 } });
    const response = await app.request(request);
    assert.equal(response.status, 413);
    assert.equal(response.headers.get("connection"), "close");
    assert.ok(isCancelled);
    assert.ok(pulled < 10, `pulled ${pulled} times`);
    assert.equal((await send("[]")).status, 204);
  });

  it("is not read at all where it says so itself", async () => {
    const app = createGateway(memoryPorts(), { auth: null, log: () => {}, limits: { bodyBytesMax: 4000 } });
    const stuck = new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: () => new Promise(() => {}) });
    const request = new Request("http://localhost/api/events", {
      method: "POST",
      headers: { "content-length": "4001" },
      body: stuck,
      duplex: "half",
    });
    assert.equal((await app.request(request)).status, 413);
  });

  it("is a body that does not come in in time", async () => {
    const app = createGateway(memoryPorts(), { auth: null, log: () => {}, limits: { bodyMsMax: 20 } });
    const stuck = new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: () => new Promise(() => {}) });
    const request = new Request("http://localhost/api/events", {
      method: "POST",
      body: stuck,
      duplex: "half",
    });
    const response = await app.request(request);
    assert.deepEqual(
      [response.status, await response.json()],
      [408, { detail: "The request body took longer than the limit of 20 ms" }],
    );
  });

  it("is one event over the limit, wherever it stands", async () => {
    const { sendJson, ports } = setting({ eventBytesMax: 4000 });
    const answer = await sendJson([ping, big]);
    assert.equal(answer.status, 422);
    assert.match(
      JSON.stringify(answer.body),
      /"loc":\["body",1\],"msg":"Value error, An event may have at most 4000 bytes/,
    );
    assert.equal(ports.published.length, 0);
  });

  it("is an event that grows over the limit when it is written again", async () => {
    const { send } = setting({ eventBytesMax: 4000 });
    const numbers = Array.from({ length: 300 }, () => "1e20").join(",");
    const answer = await send(
      `{"event": "e", "resource": {"prefect.resource.id": "r"}, "payload": {"n": [${numbers}]}}`,
    );
    assert.equal(answer.status, 422);
  });

  it("is nesting that would exhaust whoever walks it", async () => {
    const { send } = setting();
    const depth = 2_000_000;
    const answer = await send("[".repeat(depth) + "]".repeat(depth));
    assert.equal(answer.status, 422);
    assert.match(JSON.stringify(answer.body), /nested deeper than/);
  });

  it("is not a bracket within a text", async () => {
    const { sendJson } = setting();
    assert.equal((await sendJson({ ...ping, payload: { text: '\\"[{'.repeat(1000) } })).status, 204);
  });
});

describe("any JSON at all", () => {
  it("is taken or refused with its faults, never an internal error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (json) => {
        const { status } = await setting().sendJson(json);
        assert.ok(status === 204 || status === 422, `answered ${status}`);
      }),
    );
  });
});

/** The automation routes, as Prefect's clients and Terraform call them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plus, seconds } from "../../src/core/model/time.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { memoryPorts } from "./memory-ports.ts";

const trigger = {
  type: "event",
  match: { "prefect.resource.id": "my.external.resource" },
  expect: ["external.resource.pinged"],
  posture: "Reactive",
  threshold: 1,
  within: 0,
};
const deployment = "d0000000-0000-4000-8000-000000000000";
const action = {
  type: "run-deployment",
  source: "selected",
  deployment_id: deployment,
  parameters: { p: "{{ event }}" },
};
const body = { name: "ping", trigger, actions: [action] };
const unknown = "99999999-0000-4000-8000-000000000000";

function setting() {
  const ports = memoryPorts();
  const app = createGateway(ports, { auth: null, log: assert.fail });
  const ask = async (method: string, path: string, json?: unknown) => {
    const request = json === undefined ? { method } : { method, body: JSON.stringify(json) };
    const response = await app.request(`/api/automations${path}`, request);
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? null : JSON.parse(text),
      headers: response.headers,
    };
  };
  const create = async (fields: object = {}): Promise<string> => {
    const answer = await ask("POST", "/", { ...body, ...fields });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    // A later creation has a later time.
    ports.clock = plus(ports.clock, seconds(1));
    return answer.body.id;
  };
  const names = async (query: object) =>
    (await ask("POST", "/filter", query)).body.map((one: { name: string }) => one.name);
  return { ports, ask, create, names };
}

const places = (answer: { body: { exception_detail: { loc: unknown[] }[] } }): string[] =>
  answer.body.exception_detail.map(({ loc }) => loc.join("."));

describe("creating an automation", () => {
  it("answers 201 with all of it, defaults written out", async () => {
    const { ask, ports } = setting();
    const answer = await ask("POST", "/", body);
    assert.equal(answer.status, 201);
    const { id, trigger: told, actions, ...rest } = answer.body;
    assert.equal(id, "0195c8d3-0000-7000-8000-000000000001");
    const { id: triggerId, ...of } = told;
    assert.match(triggerId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(of, { ...trigger, match_related: {}, after: [], for_each: [] });
    assert.deepEqual(actions, [{ ...action, job_variables: null, schedule_after: 0 }]);
    assert.deepEqual(rest, {
      name: "ping",
      description: "",
      enabled: true,
      tags: [],
      actions_on_trigger: [],
      actions_on_resolve: [],
      created: "2026-11-20T12:00:00Z",
      updated: "2026-11-20T12:00:00Z",
    });
    assert.deepEqual(ports.defined.length, 1);
  });

  it("without the slash is sent to the path with it", async () => {
    const { status, headers } = await setting().ask("POST", "", body);
    assert.deepEqual([status, headers.get("location")], [307, "/api/automations/"]);
  });

  it("is refused with every fault and its place, and nothing is defined", async () => {
    const { ask, ports } = setting();
    const answer = await ask("POST", "/", {
      trigger: { ...trigger, posture: "Passive" },
      actions: [{ type: "nope" }],
      id: "x",
    });
    assert.equal(answer.status, 422);
    assert.deepEqual(places(answer).toSorted(), [
      "body.actions.0.type",
      "body.id",
      "body.name",
      "body.trigger.EventTrigger.posture",
    ]);
    assert.equal(ports.defined.length, 0);
  });
});

describe("reading and deleting an automation", () => {
  it("reads what was created, whichever case its id is written in", async () => {
    const { ask, create } = setting();
    const id = await create();
    const read = await ask("GET", `/${id.toUpperCase()}`);
    assert.deepEqual([read.status, read.body.name], [200, "ping"]);
  });

  it("deletes it, and then it is gone", async () => {
    const { ask, create } = setting();
    const id = await create();
    assert.deepEqual(await ask("DELETE", `/${id}`).then(({ status, body: told }) => [status, told]), [
      204,
      null,
    ]);
    assert.equal((await ask("GET", `/${id}`)).status, 404);
  });

  for (const [method, json] of [["GET"], ["DELETE"], ["PUT", body], ["PATCH", { enabled: false }]] as const) {
    it(`${method} of one that is not there is 404`, async () => {
      const answer = await setting().ask(method, `/${unknown}`, json);
      assert.deepEqual([answer.status, answer.body], [404, { exception_message: "Automation not found" }]);
    });
  }
});

describe("replacing an automation", () => {
  it("keeps what is left out, and when it was created", async () => {
    const { ask, create } = setting();
    const id = await create({
      enabled: false,
      tags: ["a"],
      description: "d",
      owner_resource: "prefect.deployment.x",
    });
    const answer = await ask("PUT", `/${id}`, { ...body, name: "pong" });
    assert.deepEqual([answer.status, answer.body], [204, null]);
    const { name, enabled, tags, description, created, updated } = (await ask("GET", `/${id}`)).body;
    assert.deepEqual(
      { name, enabled, tags, description, created, updated },
      {
        name: "pong",
        enabled: false,
        tags: ["a"],
        description: "d",
        created: "2026-11-20T12:00:00Z",
        updated: "2026-11-20T12:00:01Z",
      },
    );
    assert.equal((await ask("GET", "/related-to/prefect.deployment.x")).body.length, 1);
  });

  it("wants name, trigger and actions, and takes no field that is the server's", async () => {
    const { ask, create } = setting();
    const id = await create();
    assert.deepEqual(places(await ask("PUT", `/${id}`, {})), ["body.name", "body.trigger", "body.actions"]);
    assert.deepEqual(places(await ask("PUT", `/${id}`, { ...body, owner_resource: "x" })), [
      "body.owner_resource",
    ]);
    assert.deepEqual(places(await ask("PUT", `/${id}`, { ...body, id, created: "2026-01-01" })), [
      "body.id",
      "body.created",
    ]);
    assert.equal((await ask("PUT", `/${id}`, [])).status, 422);
  });
});

describe("switching an automation", () => {
  it("off changes nothing else, not even the ids of its triggers", async () => {
    const { ask, create } = setting();
    const id = await create();
    const before = (await ask("GET", `/${id}`)).body;
    assert.equal((await ask("PATCH", `/${id}`, { enabled: false })).status, 204);
    const after = (await ask("GET", `/${id}`)).body;
    assert.deepEqual(after, { ...before, enabled: false, updated: "2026-11-20T12:00:01Z" });
  });

  it("on again says since when, for those who did not see it off, and keeps that", async () => {
    const { ask, create, ports } = setting();
    const id = await create();
    const armed = () => ports.automations()[0]?.armed;
    for (const isOn of [true, false]) {
      await ask("PATCH", `/${id}`, { enabled: isOn });
      assert.equal(armed(), undefined);
    }
    const since = ports.clock;
    await ask("PATCH", `/${id}`, { enabled: true });
    assert.equal(armed(), since);
    ports.clock = plus(since, seconds(9));
    await ask("PATCH", `/${id}`, { enabled: true });
    await ask("PUT", `/${id}`, { ...body, name: "pong" });
    assert.equal(armed(), since);
    await ask("PUT", `/${id}`, { ...body, enabled: false });
    await ask("PUT", `/${id}`, { ...body, enabled: true });
    assert.equal(armed(), plus(since, seconds(9)));
    assert(!("armed" in (await ask("GET", `/${id}`)).body));
  });

  it("takes an empty body for no change, and no other field", async () => {
    const { ask, create, ports } = setting();
    const id = await create({ enabled: false });
    assert.equal((await ask("PATCH", `/${id}`, {})).status, 204);
    assert.equal(ports.defined.length, 1);
    assert.deepEqual(places(await ask("PATCH", `/${id}`, { enabled: true, name: "x" })), ["body.name"]);
    assert.deepEqual(places(await ask("PATCH", `/${id}`, { enabled: "maybe" })), ["body.enabled"]);
    assert.equal((await ask("PATCH", `/${id}`, 7)).status, 422);
  });
});

describe("listing automations", () => {
  const three = async () => {
    const { create, ...rest } = setting();
    const ids: [string, string, string] = [
      await create({ name: "b", tags: ["x", "y"] }),
      await create({ name: "a", enabled: false, tags: ["y"] }),
      await create({ name: "c" }),
    ];
    await rest.ask("PATCH", `/${ids[0]}`, { enabled: true });
    return { ...rest, ids };
  };

  it("without a body lists all by name, disabled ones too", async () => {
    const { ask } = await three();
    const answer = await ask("POST", "/filter");
    assert.deepEqual(
      [answer.status, answer.body.map((one: { name: string }) => one.name)],
      [200, ["a", "b", "c"]],
    );
  });

  const cases: readonly [object, readonly string[]][] = [
    [{ sort: "NAME_DESC" }, ["c", "b", "a"]],
    [{ sort: "CREATED_DESC" }, ["c", "a", "b"]],
    [{ sort: "UPDATED_DESC" }, ["b", "c", "a"]],
    [{ limit: 1, offset: 1 }, ["b"]],
    [{ limit: 0 }, []],
    [{ sort: null, limit: null, offset: null, automations: null }, ["a", "b", "c"]],
    [{ automations: { name: { any_: ["a", "z"] } } }, ["a"]],
    [{ automations: { name: { any_: [] } } }, []],
    [{ automations: { name: null, tags: null, created: null } }, ["a", "b", "c"]],
    [{ automations: { tags: { all_: ["x", "y"] } } }, ["b"]],
    [{ automations: { tags: { any_: ["y"] } } }, ["a", "b"]],
    [{ automations: { tags: { is_null_: true } } }, ["c"]],
    [{ automations: { tags: { is_null_: false } } }, ["a", "b"]],
    [{ automations: { created: { before_: "2026-11-20T12:00:01Z" } } }, ["a", "b"]],
    [{ automations: { name: { any_: ["a"] }, tags: { any_: ["x"] } } }, []],
    [{ automations: { operator: "or_", name: { any_: ["a"] }, tags: { any_: ["x"] } } }, ["a", "b"]],
  ];
  for (const [query, expected] of cases) {
    it(`${JSON.stringify(query)} gives ${expected.join(", ") || "none"}`, async () => {
      const { names } = await three();
      assert.deepEqual(await names(query), expected);
    });
  }

  it("counts, as the filter says", async () => {
    const { ask, ids } = await three();
    assert.equal((await ask("POST", "/count")).body, 3);
    assert.equal((await ask("POST", "/count", { automations: { id: { any_: [ids[0]] } } })).body, 1);
  });

  it("has an upper limit, and says so", async () => {
    const answer = await setting().ask("POST", "/filter", { limit: 201 });
    assert.deepEqual(
      [answer.status, answer.body],
      [422, { detail: "Invalid limit: must be less than or equal to 200." }],
    );
  });

  it("tells every fault of the query", async () => {
    const answer = await setting().ask("POST", "/filter", {
      sort: "SIZE",
      limit: -1,
      nope: 1,
      automations: {
        name: { any_: "a" },
        tags: { nope: 1 },
        created: { before_: "then" },
        operator: "xor",
        id: 7,
      },
    });
    assert.deepEqual(places(answer).toSorted(), [
      "body.automations.created.before_",
      "body.automations.id",
      "body.automations.name.any_",
      "body.automations.operator",
      "body.automations.tags.nope",
      "body.limit",
      "body.nope",
      "body.sort",
    ]);
  });
});

describe("automations of a resource", () => {
  it("are those it owns and those that run it", async () => {
    const { ask, create } = setting();
    await create({ name: "runs" });
    await create({ name: "owned", actions: [], owner_resource: `prefect.deployment.${deployment}` });
    await create({ name: "other", actions: [] });
    const { status, body: related } = await ask("GET", `/related-to/prefect.deployment.${deployment}`);
    assert.equal(status, 200);
    assert.deepEqual(related.map((one: { name: string }) => one.name).toSorted(), ["owned", "runs"]);
  });

  it("go with their owner, the others stay", async () => {
    const { ask, create, names } = setting();
    const owner = `prefect.deployment.${deployment}`;
    await create({ name: "owned", owner_resource: owner });
    await create({ name: "other" });
    const answer = await ask("DELETE", `/owned-by/${owner}`);
    assert.deepEqual([answer.status, answer.body], [202, null]);
    assert.deepEqual(await names({}), ["other"]);
    assert.equal((await ask("DELETE", `/owned-by/${owner}`)).status, 202);
  });
});

/** Applying deployments: all or nothing, and nothing twice. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plus, seconds } from "../../src/core/model/time.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { memoryPorts } from "./memory-ports.ts";

const trigger = { match: { "prefect.resource.id": "r" }, expect: ["e"], parameters: { p: "{{ event }}" } };
const one = {
  name: "my-deployment",
  flow_name: "flow",
  entrypoint: "path/to/flow.py:flow",
  triggers: [trigger],
};

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly automations: readonly { readonly name: string; readonly status: string }[];
}

function setting() {
  const ports = memoryPorts();
  const app = createGateway(ports, { auth: null, log: assert.fail });
  const send = (json: unknown) =>
    app.request("/api/deployments/apply", { method: "POST", body: JSON.stringify(json) });
  const apply = async (...deployments: readonly object[]): Promise<readonly Answer[]> => {
    const response = await send({ deployments });
    assert.equal(response.status, 200, await response.clone().text());
    ports.clock = plus(ports.clock, seconds(60));
    return JSON.parse(await response.text());
  };
  return { ports, app, send, apply };
}

const told = (answers: readonly Answer[]): string[] =>
  answers.flatMap(({ status, automations }) => [
    status,
    ...automations.map((automation) => `${automation.name} ${automation.status}`),
  ]);

describe("an apply", () => {
  it("creates a deployment and its automations in one step", async () => {
    const { ports, apply } = setting();
    const answers = await apply(one);
    assert.deepEqual(told(answers), ["created", "my-deployment__automation_1 created"]);
    assert.equal(ports.defined.length, 1);
    assert.deepEqual(
      ports.defined[0]?.map(({ kind }) => kind),
      ["deployment", "automation"],
    );
    const [automation] = ports.automations();
    assert.equal(automation?.ownerResource, `prefect.deployment.${answers[0]?.id ?? "none"}`);
  });

  it("of the same again changes nothing and writes nothing", async () => {
    const { ports, apply } = setting();
    await apply(one);
    assert.deepEqual(told(await apply(one)), ["unchanged", "my-deployment__automation_1 unchanged"]);
    assert.equal(ports.defined.length, 1);
  });

  it("of something else keeps its ids and when it was created", async () => {
    const { ports, apply } = setting();
    const [first] = await apply(one);
    const changed = { ...one, description: "new", triggers: [{ ...trigger, expect: ["f"] }] };
    const [second] = await apply(changed);
    assert.deepEqual(told(second === undefined ? [] : [second]), [
      "updated",
      "my-deployment__automation_1 updated",
    ]);
    assert.equal(second?.id, first?.id);
    for (const { created, updated } of [...ports.deployments(), ...ports.automations()]) {
      assert.equal(updated - created, seconds(60));
    }
  });

  it("writes only what has changed", async () => {
    const { ports, apply } = setting();
    await apply(one);
    await apply({ ...one, triggers: [{ ...trigger, enabled: false }] });
    assert.deepEqual(
      ports.defined[1]?.map(({ kind }) => kind),
      ["automation"],
    );
  });

  it("says since when a trigger is on that was off", async () => {
    const { ports, apply } = setting();
    const off = { ...one, triggers: [{ ...trigger, enabled: false }] };
    for (const [applied, isArmed] of [
      [one, false],
      [off, false],
      [one, true],
      [{ ...one, triggers: [{ ...trigger, expect: ["f"] }] }, true],
    ] as const) {
      await apply(applied);
      assert.equal(ports.automations()[0]?.armed !== undefined, isArmed);
    }
  });

  it("drops automations of this deployment that are not listed any more, and no others", async () => {
    const { ports, app, apply } = setting();
    const other = { ...one, name: "other" };
    await apply({ ...one, triggers: [trigger, { ...trigger, name: "second" }] }, other);
    const byHand = { name: "by hand", trigger: { posture: "Reactive" }, actions: [] };
    await app.request("/api/automations/", { method: "POST", body: JSON.stringify(byHand) });
    assert.deepEqual(told(await apply(one)), [
      "unchanged",
      "my-deployment__automation_1 unchanged",
      "second deleted",
    ]);
    assert.deepEqual(
      ports
        .automations()
        .map(({ name }) => name)
        .toSorted(),
      ["by hand", "my-deployment__automation_1", "other__automation_1"],
    );
  });

  it("of several is one step", async () => {
    const { ports, apply } = setting();
    const answers = await apply(one, { ...one, name: "two", triggers: [] });
    assert.deepEqual(told(answers), ["created", "my-deployment__automation_1 created", "created"]);
    assert.equal(ports.defined.length, 1);
  });

  it("with a fault tells all of them, and nothing is defined", async () => {
    const { ports, send } = setting();
    const response = await send({ deployments: [one, { name: 7, triggers: [{ posture: "Passive" }] }] });
    assert.equal(response.status, 422);
    const body = JSON.parse(await response.text());
    assert.deepEqual(body.exception_detail.map(({ loc }: { loc: unknown[] }) => loc.join(".")).toSorted(), [
      "body.deployments.1.flow_name",
      "body.deployments.1.name",
      "body.deployments.1.triggers.0.posture",
    ]);
    assert.equal(ports.defined.length, 0);
  });
});

describe("deployments that stand", () => {
  it("are listed and read under Prefect's names for their fields", async () => {
    const { app, apply } = setting();
    const [answer] = await apply(
      { ...one, name: "z" },
      { ...one, work_pool_name: "pool", parameters: { a: 1 } },
    );
    const list = JSON.parse(await (await app.request("/api/deployments")).text());
    assert.deepEqual(
      list.map(({ name }: { name: string }) => name),
      ["my-deployment", "z"],
    );
    assert.deepEqual(list[0], {
      id: list[0].id,
      created: "2026-11-20T12:00:00Z",
      updated: "2026-11-20T12:00:00Z",
      name: "my-deployment",
      description: "",
      flow_name: "flow",
      entrypoint: "path/to/flow.py:flow",
      work_pool_name: "pool",
      parameters: { a: 1 },
      parameter_openapi_schema: null,
      tags: [],
    });
    const read = await app.request(`/api/deployments/${answer?.id.toUpperCase() ?? "none"}`);
    assert.equal(JSON.parse(await read.text()).name, "z");
  });

  it("that are not there are 404", async () => {
    const response = await setting().app.request("/api/deployments/99999999-0000-4000-8000-000000000000");
    assert.deepEqual(
      [response.status, await response.json()],
      [404, { exception_message: "Deployment not found" }],
    );
  });
});

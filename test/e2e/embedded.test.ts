import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Api, type Environment, freePort, Tripline, tripline, until } from "../support/process.ts";

interface Pending {
  readonly deployment_name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly due_in_seconds: number;
  readonly cause: Readonly<Record<string, unknown>>;
}

const EVENT_BODY = {
  event: "external.resource.pinged",
  resource: {
    "prefect.resource.id": "my.external.resource",
    "prefect.resource.description": "pinged by a test",
  },
  payload: { some: "thing" },
};
const REPLY = { ...EVENT_BODY, event: "external.resource.replied" };
const PROPOSAL = {
  event: "campaign.proposal.created",
  resource: { "prefect.resource.id": "marketing.campaign" },
};

describe("Tripline with nothing configured", () => {
  let data: string;
  let environment: Environment;
  let api: Api;
  let running: Tripline;

  const start = async (): Promise<void> => {
    running = await Tripline.start(["start"], environment);
  };
  const deploy = (file: string): Promise<string> =>
    tripline(["deploy", "--all", "--prefect-file", `docs/examples/${file}`], environment);
  const pending = async (): Promise<readonly Pending[]> =>
    JSON.parse(await tripline(["runs", "list", "--json"], environment));
  const counted = async (query: string, count: number): Promise<void> => {
    await until(async () => (await api.count(query)) >= count, `${query} stays below ${count}`);
    assert.equal(await api.count(query), count);
  };

  before(async () => {
    data = await mkdtemp(join(tmpdir(), "tripline-"));
    const port = await freePort();
    environment = {
      TRIPLINE_PORT: String(port),
      TRIPLINE_DATA: data,
      TRIPLINE_API_URL: `http://127.0.0.1:${port}/api`,
    };
    api = new Api(port);
    await start();
  });
  after(async () => {
    await running.stop();
    await rm(data, { recursive: true, force: true });
  });

  it("runs the tutorial's first deployment at once when its event is posted, without id or time", async () => {
    assert.match(await deploy("ping.yaml"), /decorated-fn\/my-deployment: created/);
    assert.equal((await api.post("/events", EVENT_BODY)).status, 204);
    await counted("select count() from runs where kind = 'due'", 1);
    const [command] = await api.history("select parameters, event, resource_id from run_commands");
    assert.equal(command?.["event"], "external.resource.pinged");
    assert.match(String(command?.["parameters"]), /"payload": ?\{"some": ?"thing"\}/);
  });

  it("keeps the second's run on the scheduling topic for two hours", async () => {
    await deploy("campaign.yaml");
    assert.equal((await api.post("/events", [PROPOSAL])).status, 204);
    await until(async () => (await pending()).length === 1, "no run is pending");
    const [run] = await pending();
    assert.deepEqual(run?.parameters, { campaign_id: "marketing.campaign" });
    assert(run !== undefined && run.due_in_seconds > 7000 && run.due_in_seconds <= 7200);
    assert.equal(run.cause["event"], "campaign.proposal.created");
  });

  it("waits for both events of the third, and then for an hour", async () => {
    assert.match(await deploy("ping-and-reply.yaml"), /my-deployment__automation_1: updated/);
    await api.post("/events", EVENT_BODY);
    await api.post("/events", REPLY);
    await until(async () => (await pending()).length === 2, "the compound trigger did not fire");
    const [first] = await pending();
    assert.equal(first?.deployment_name, "my-deployment");
    assert(first.due_in_seconds > 3500 && first.due_in_seconds <= 3600);
    // The first deployment's trigger was replaced: it did not fire again.
    assert.equal(await api.count("select count() from runs where kind = 'due'"), 1);
  });

  it("answers from history what happened", async () => {
    await counted("select count() from events where event like 'external.%'", 3);
    const table = await tripline(
      ["history", "select event, count() from events group by event"],
      environment,
    );
    assert.match(table, /campaign\.proposal\.created +1/);
    await counted("select count() from firings", 3);
    await counted("select count() from runs where kind = 'scheduled'", 3);
  });

  it("refuses a bad event with every fault, and keeps none of its batch", async () => {
    const answer = await api.post("/events", [PROPOSAL, { event: 7, resource: {} }]);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /\["body",1,"event"\]/);
    assert.match(answer.text, /Resources must include the prefect\.resource\.id label/);
    assert.equal(await api.count("select count() from events where event = 'campaign.proposal.created'"), 1);
  });

  it("stops on Ctrl-C, and finds everything as it was", async () => {
    const before = await pending();
    assert.equal(await running.stop(), 0);
    await start();
    const rest = ({ deployment_name, parameters, cause }: Pending) => ({
      deployment_name,
      parameters,
      cause,
    });
    assert.deepEqual((await pending()).map(rest), before.map(rest));
    await counted("select count() from firings", 3);
  });

  it("refuses to start twice on the same data", async () => {
    await assert.rejects(tripline(["start", "--port", "0"], environment), /another process/i);
  });

  it("turns 20,000 events into 20,000 firings and runs, killed in the middle three times", async () => {
    const TOTAL = 20_000;
    const BATCH = 100;
    await api.post("/automations/", {
      name: "burst",
      trigger: { type: "event", posture: "Reactive", expect: ["burst"], threshold: 1, within: 0 },
      actions: [{ type: "run-deployment", source: "selected", deployment_id: randomUUID() }],
    });
    const kills = new Set([40, 90, 150]);
    for (let batch = 0; batch < TOTAL / BATCH; batch++) {
      const events = Array.from({ length: BATCH }, (_, i) => ({
        id: randomUUID(),
        occurred: new Date().toISOString(),
        event: "burst",
        resource: { "prefect.resource.id": `host.${(batch * BATCH + i) % 1000}` },
      }));
      const posted = api.post("/events", events).catch(() => null);
      if (kills.has(batch)) {
        await running.kill();
        await start();
      }
      // Whoever got no answer sends the same again, as senders do; duplicates are told by their ids.
      if ((await posted)?.status !== 204) assert.equal((await api.post("/events", events)).status, 204);
    }
    await counted("select uniqExact(id) from events where event = 'burst'", TOTAL);
    await counted("select count() from firings where event = 'burst'", TOTAL);
    await counted("select uniqExact(event_id) from firings where event = 'burst'", TOTAL);
    await counted("select count() from run_commands where event = 'burst'", TOTAL);
    await counted(
      "select count() from runs where kind = 'due' and run_id in (select run_id from run_commands where event = 'burst')",
      TOTAL,
    );
  });
});

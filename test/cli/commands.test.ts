/** The commands that ask a running Tripline: what each prints, against a real gateway over ports in memory. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGateway, serveGateway } from "../../src/gateway/gateway.ts";
import { QueryError } from "../../src/runtime/ports.ts";
import { type MemoryPorts, memoryPorts, pendingRun } from "../gateway/memory-ports.ts";
import { quiet, tripline } from "./gateway-at-hand.ts";

describe("tripline runs list", () => {
  const withPending = (): MemoryPorts => {
    const ports = memoryPorts();
    ports.pending.push(
      pendingRun({ inSeconds: -3, runId: "run-1", deploymentName: null, parameters: {} }),
      pendingRun({ inSeconds: 7200, runId: "run-2" }),
    );
    return ports;
  };

  it("shows when each is due, in how long, with what and why", async () => {
    const said = await tripline(["runs", "list"], { ports: withPending() });
    const cause = "campaign-execution__automation_1: campaign.proposal.created…";
    assert.deepEqual(said, {
      ...quiet,
      printed: [
        [
          "DUE                   IN   DEPLOYMENT                            PARAMETERS                            CAUSE                                                         RUN",
          `2026-11-20T11:59:57Z  now  d0000000-0000-4000-8000-000000000000  {}                                    ${cause}  run-1`,
          `2026-11-20T14:00:00Z  2 h  campaign-execution                    {"campaign_id":"marketing.campaign"}  ${cause}  run-2`,
        ].join("\n"),
      ],
    });
  });

  it("gives programs the whole of it", async () => {
    const said = await tripline(["runs", "list", "--json"], { ports: withPending() });
    const runs = JSON.parse(said.printed.join(""));
    assert.deepEqual(runs[1], {
      run_id: "run-2",
      due: "2026-11-20T14:00:00Z",
      due_in_seconds: 7200,
      deployment_id: "d0000000-0000-4000-8000-000000000000",
      deployment_name: "campaign-execution",
      parameters: { campaign_id: "marketing.campaign" },
      job_variables: null,
      triggered: "2026-11-20T12:00:00Z",
      schedule_after: 7200,
      cause: {
        automation_id: "a0000000-0000-4000-8000-000000000000",
        automation_name: "campaign-execution__automation_1",
        trigger_id: "b0000000-0000-4000-8000-000000000000",
        firing_id: "c0000000-0000-5000-8000-000000000000",
        event_id: "e0000000-0000-7000-8000-000000000000",
        event: "campaign.proposal.created",
        resource_id: "marketing.campaign",
      },
    });
  });

  it("says how many more there are", async () => {
    const said = await tripline(["runs", "list", "--limit", "1"], { ports: withPending() });
    assert.equal(said.printed.join("").split("\n").length, 2);
    assert.deepEqual(said.noted, ["1 more are pending; --limit shows more."]);
  });

  it("says so when there are none, and gives programs an empty list", async () => {
    assert.deepEqual(await tripline(["runs", "list"]), { ...quiet, printed: ["No runs are pending."] });
    assert.deepEqual(await tripline(["runs", "list", "--json"]), { ...quiet, printed: ["[]"] });
  });
});

describe("tripline events send", () => {
  it("sends one event", async () => {
    const ports = memoryPorts();
    const said = await tripline(
      ["events", "send", "--event", "order.paid", "--resource", "order.17", "--payload", '{"eur": 9}'],
      { ports },
    );
    assert.deepEqual(said, { ...quiet, printed: ["Sent order.paid of order.17."] });
    const [event] = ports.published.flat();
    assert.deepEqual(
      [event?.event, event?.resource, event?.payload],
      ["order.paid", { "prefect.resource.id": "order.17" }, { eur: 9 }],
    );
  });

  it("gives programs what was sent", async () => {
    const said = await tripline(["events", "send", "--event", "e", "--resource", "r", "--json"]);
    assert.deepEqual(JSON.parse(said.printed.join()), {
      event: "e",
      resource: { "prefect.resource.id": "r" },
      payload: {},
    });
  });

  it("wants an object as payload", async () => {
    for (const payload of ["{", "[]", "7"]) {
      const said = await tripline([
        "events",
        "send",
        "--event",
        "e",
        "--resource",
        "r",
        "--payload",
        payload,
      ]);
      assert.equal(said.code, 2);
      assert.match(said.failed.join(), /^--payload: expected a JSON object/);
    }
  });

  it("lists the server's faults with their places", async () => {
    const said = await tripline(["events", "send", "--event", "e".repeat(1025), "--resource", ""]);
    assert.equal(said.code, 1);
    assert.match(
      said.failed.join(),
      /^ {2}event: Event name must be at most 1024.*\n {2}resource: .*non-empty/m,
    );
  });
});

describe("tripline history", () => {
  const answering = (): MemoryPorts => {
    const ports = memoryPorts();
    ports.answer = (sql) => {
      if (sql.includes("nope")) throw new QueryError("Unknown table nope");
      return sql.includes("nothing")
        ? []
        : [
            { event: "ping", "count()": 3 },
            { event: "pong", "count()": 20 },
          ];
    };
    return ports;
  };
  const sql = "select event, count() from events group by event";

  it("prints an aligned table", async () => {
    const said = await tripline(["history", sql], { ports: answering() });
    assert.deepEqual(said, { ...quiet, printed: ["event  count()\nping   3\npong   20"] });
  });

  it("gives programs rows", async () => {
    const said = await tripline(["history", sql, "--json"], { ports: answering() });
    assert.deepEqual(JSON.parse(said.printed.join("")), [
      { event: "ping", "count()": 3 },
      { event: "pong", "count()": 20 },
    ]);
  });

  it("takes the question from stdin", async () => {
    const ports = answering();
    await tripline(["history", "-"], { ports, input: sql });
    assert.deepEqual(ports.asked, [sql]);
  });

  it("says so when there are no rows", async () => {
    assert.deepEqual((await tripline(["history", "nothing"], { ports: answering() })).printed, ["No rows."]);
  });

  it("hands on what the engine says of a bad question", async () => {
    const said = await tripline(["history", "select nope"], { ports: answering() });
    assert.equal(said.code, 1);
    assert.match(said.failed.join(), /answered 400: Unknown table nope$/);
  });

  it("wants a question", async () => {
    const said = await tripline(["history", "-"], { ports: answering(), input: "  \n" });
    assert.deepEqual([said.code, said.failed.length], [2, 1]);
  });
});

describe("a command that cannot reach its server", () => {
  it("names the address and how to start it", async () => {
    const environment = { TRIPLINE_API_URL: "http://127.0.0.1:9/api" };
    const said = await tripline(["runs", "list"], { ports: memoryPorts(), environment });
    assert.equal(said.code, 1);
    assert.match(
      said.failed.join(),
      /^Nothing answers at http:\/\/127\.0\.0\.1:9\/api \(TRIPLINE_API_URL\)\. Start it with `tripline start`/,
    );
  });

  it("says that the address leads past the API", async () => {
    const served = await serveGateway(createGateway(memoryPorts(), { auth: null, log: () => {} }), {
      host: "127.0.0.1",
      port: 0,
    });
    const address = served.url.replace(/\/api$/, "");
    const said = await tripline(["runs", "list", "--api-url", address]);
    await served.close();
    assert.deepEqual(said.failed, [
      `${address} answered 404: the address of the API ends in /api; is it ${address}/api?`,
    ]);
  });

  it("says which credentials are missing", async () => {
    const said = await tripline(["runs", "list"], { ports: memoryPorts(), auth: "u:p" });
    assert.equal(said.code, 1);
    assert.match(said.failed.join(), /asks for credentials: set TRIPLINE_API_AUTH/);
  });

  it("brings the credentials it was told, Basic or Bearer", async () => {
    for (const auth of ["u:p", "token"]) {
      const environment = { TRIPLINE_API_AUTH: auth };
      assert.equal((await tripline(["runs", "list"], { ports: memoryPorts(), auth, environment })).code, 0);
    }
  });
});

describe("a command that is misused", () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [["nope"], /unknown command 'nope'/],
    [["runs", "list", "--nope"], /unknown option '--nope'/],
    [["runs", "list", "--limit", "many"], /Expected a whole number/],
    [["history"], /missing required argument 'sql'/],
    [["events", "send", "--event", "e"], /required option '--resource <id>'/],
    [["run", "cook"], /The roles are evaluator, scheduler, historian, gateway/],
    [["run", "evaluator"], /^KAFKA_BROKERS: missing: separate roles need Kafka; `tripline start` runs all/],
    [["deploy", "--all", "-n", "a"], /^--all and -n exclude each other/],
    [["nope"], /unknown command 'nope'\n.*--help/],
    [["run"], /missing required argument 'role'/],
    [[], /^Usage: tripline/],
    [["runs"], /^Usage: tripline runs/],
    [["start", "--port", "http"], /--port: expected a whole number/],
  ];
  for (const [argv, said] of cases) {
    it(`ends with 2 and one message: tripline ${argv.join(" ")}`, async () => {
      const { failed, code, printed } = await tripline(argv);
      assert.deepEqual([code, failed.length, printed], [2, 1, []]);
      assert.match(failed.join(), said);
    });
  }

  it("is told every fault of its settings", async () => {
    const environment = { TRIPLINE_PREFIX: "a b", TRIPLINE_PARTITIONS: "none" };
    const said = await tripline(["runs", "list"], { ports: memoryPorts(), environment });
    assert.equal(said.code, 2);
    assert.match(said.failed.join(), /TRIPLINE_PREFIX: .*\nTRIPLINE_PARTITIONS: /);
  });
});

describe("help", () => {
  it("tells the version of the package", async () => {
    const { printed, code } = await tripline(["--version"]);
    assert.equal(code, 0);
    assert.match(printed.join(), /^\d+\.\d+\.\d+/);
  });

  it("of lists names no empty default", async () => {
    const { printed } = await tripline(["deploy", "--help"]);
    assert.doesNotMatch(printed.join(), /default: \[\]/);
  });

  const commands = [
    [],
    ["start"],
    ["run"],
    ["deploy"],
    ["runs", "list"],
    ["automations", "list"],
    ["events", "send"],
    ["history"],
    ["describe"],
  ];
  for (const command of commands) {
    it(`of ${["tripline", ...command].join(" ")} says what it does, with an example`, async () => {
      const { printed, code, failed } = await tripline([...command, "--help"]);
      assert.deepEqual([code, failed], [0, []]);
      assert.match(printed.join("\n"), /^Usage: tripline/);
      assert.match(printed.join("\n"), /\.\n/);
      assert.match(printed.join("\n"), /Example:\n {2}\S/);
    });
  }
});

/** Deploying the tutorial's files, and everything that can be wrong with a file. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { toSeconds } from "../../src/core/model/time.ts";
import { memoryPorts } from "../gateway/memory-ports.ts";
import { quiet, tripline } from "./gateway-at-hand.ts";

const FIRST = `
deployments:
  - name: my-deployment
    entrypoint: path/to/flow.py:decorated_fn
    work_pool:
      name: my-work-pool
    triggers:
      - type: event
        enabled: true
        match:
          prefect.resource.id: my.external.resource
        expect:
          - external.resource.pinged
        parameters:
          param_1: "{{ event }}"
`;

const DELAYED = `  - name: campaign-execution
    entrypoint: path/to/campaign.py:execute_campaign
    work_pool:
      name: my-work-pool
    triggers:
      - type: event
        enabled: true
        match:
          prefect.resource.id: marketing.campaign
        expect:
          - campaign.proposal.created
        schedule_after: "PT2H"  # Wait 2 hours before execution
        parameters:
          campaign_id: "{{ event.resource.id }}"
`;

const BROKEN = `
deployments:
  - name: my-deployment
    entrypoint: path/to/flow.py:decorated_fn
    triggers:
      - posture: Passive
        within: soon
  - flow_name: f
    parameters: 7
`;

describe("tripline deploy", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tripline-deploy-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it("deploys the tutorial's first file and says what became of it", async () => {
    const ports = memoryPorts();
    const path = file("first.yaml", FIRST);
    const said = await tripline(["deploy", "--all", "--prefect-file", path], { ports });
    assert.deepEqual(said, {
      ...quiet,
      printed: [
        "deployment decorated-fn/my-deployment: created\n  automation my-deployment__automation_1: created",
      ],
    });
    const [deployment] = ports.deployments();
    assert.deepEqual(
      [deployment?.entrypoint, deployment?.workPool],
      ["path/to/flow.py:decorated_fn", "my-work-pool"],
    );
    const again = await tripline(["deploy", "--all", "--prefect-file", path], { ports });
    assert.match(again.printed.join(), /my-deployment: unchanged\n.*: unchanged$/);
  });

  it("keeps delay and templates as they are written", async () => {
    const ports = memoryPorts();
    await tripline(["deploy", "--all", "--prefect-file", file("two.yaml", FIRST + DELAYED)], { ports });
    const delayed = ports.automations().find(({ name }) => name.startsWith("campaign"));
    const [action] = delayed?.actions ?? [];
    assert.ok(action?.kind === "run-deployment");
    assert.equal(toSeconds(action.scheduleAfter), 7200);
    assert.deepEqual(action.parameters, { campaign_id: "{{ event.resource.id }}" });
  });

  it("takes the one that is named, by its name or its flow's", async () => {
    const path = file("named.yaml", FIRST + DELAYED);
    for (const name of ["campaign-execution", "execute-campaign/campaign-execution"]) {
      const ports = memoryPorts();
      const said = await tripline(["deploy", "-n", name, "--prefect-file", path], { ports });
      assert.equal(said.code, 0, said.failed.join());
      assert.deepEqual(
        ports.deployments().map((one) => one.name),
        ["campaign-execution"],
      );
    }
  });

  it("asks which of several is meant, and names them", async () => {
    const ports = memoryPorts();
    const said = await tripline(["deploy", "--prefect-file", file("several.yaml", FIRST + DELAYED)], {
      ports,
    });
    assert.equal(said.code, 2);
    assert.match(said.failed.join(), /there are: my-deployment, campaign-execution\nChoose with -n NAME/);
    assert.equal(ports.defined.length, 0);
  });

  it("says that a name is not there", async () => {
    const said = await tripline(["deploy", "-n", "nope", "--prefect-file", file("nope.yaml", FIRST)]);
    assert.equal(said.code, 2);
    assert.match(said.failed.join(), /no deployment is named 'nope'; there are: my-deployment$/);
  });

  it("gives programs the whole answer", async () => {
    const said = await tripline(["deploy", "--json", "--prefect-file", file("json.yaml", FIRST)]);
    const [answer] = JSON.parse(said.printed.join());
    assert.deepEqual(
      [answer.name, answer.flow_name, answer.status],
      ["my-deployment", "decorated-fn", "created"],
    );
    assert.equal(answer.automations[0].name, "my-deployment__automation_1");
  });

  it("names file, path and what was expected, for all faults at once, and deploys nothing", async () => {
    const ports = memoryPorts();
    const path = file("broken.yaml", BROKEN);
    const said = await tripline(["deploy", "--all", "--prefect-file", path], { ports });
    assert.equal(said.code, 1);
    const told = said.failed.join().split("\n");
    assert.ok(
      told.every((line) => line.startsWith(`${path}: deployments[`)),
      told.join("\n"),
    );
    const at = told.map((line) => line.slice(path.length + 2).split(":")[0]);
    assert.deepEqual(
      new Set(at),
      new Set([
        "deployments[0].triggers[0].posture",
        "deployments[0].triggers[0].within",
        "deployments[1].name",
        "deployments[1].parameters",
      ]),
    );
    assert.equal(ports.defined.length, 0);
  });

  it("names the line of what is not YAML", async () => {
    const path = file("not.yaml", "deployments:\n  - name: a\n   bad");
    const said = await tripline(["deploy", "--prefect-file", path]);
    assert.equal(said.code, 1);
    assert.match(said.failed.join(), /not\.yaml: line \d+: /);
  });

  it("warns of keys that nobody knows, and deploys", async () => {
    const ports = memoryPorts();
    const path = file("typo.yaml", FIRST.replace("expect:", "expcet:"));
    const said = await tripline(["deploy", "--prefect-file", path], { ports });
    assert.deepEqual([said.code, ports.defined.length], [0, 1]);
    assert.deepEqual(said.noted, [
      `warning: ${path}: deployments[0].triggers[0].expcet: unknown key, it is ignored; did you mean expect?`,
    ]);
  });

  const unreadable: readonly [string, string | Uint8Array, RegExp][] = [
    ["empty", "", /the file is empty$/],
    ["a list", "- 1", /expected a mapping with `deployments:`; found a list$/],
    ["not UTF-8", Uint8Array.of(0x61, 0xff), /this is not UTF-8 text$/],
    ["without deployments", "deployments: []", /nothing to deploy: there is no deployment in this file$/],
  ];
  for (const [what, content, said] of unreadable) {
    it(`says that the file is ${what}`, async () => {
      const path = join(folder, "unreadable.yaml");
      writeFileSync(path, content);
      const { failed, code } = await tripline(["deploy", "--all", "--prefect-file", path]);
      assert.match(failed.join(), said);
      assert.deepEqual([code, failed.join().split(": ")[0]], [1, path]);
    });
  }

  it("says that the file is a folder", async () => {
    const said = await tripline(["deploy", "--prefect-file", folder]);
    assert.deepEqual(said.failed, [`${folder}: this is a folder, not a file`]);
  });

  it("says that there is no such file", async () => {
    const said = await tripline(["deploy", "--prefect-file", join(folder, "missing.yaml")]);
    assert.deepEqual([said.code, said.failed.length], [1, 1]);
    assert.match(said.failed.join(), /missing\.yaml: there is no such file$/);
  });
});

describe("tripline deploy --trigger", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tripline-trigger-"));
    writeFileSync(join(folder, "prefect.yaml"), FIRST + DELAYED);
    writeFileSync(join(folder, "triggers.yaml"), "triggers:\n  - expect: [from.file]\n  - expect: [too]\n");
  });
  after(() => rmSync(folder, { recursive: true }));

  const deploy = (ports = memoryPorts(), ...args: string[]) =>
    tripline(["deploy", "--prefect-file", join(folder, "prefect.yaml"), ...args], { ports });

  it("puts triggers from JSON and files in the place of the file's own", async () => {
    const ports = memoryPorts();
    const args = ["--trigger", '{"expect": ["from.json"]}', "--trigger", join(folder, "triggers.yaml")];
    const said = await deploy(ports, "-n", "my-deployment", ...args);
    assert.equal(said.code, 0, said.failed.join());
    const expected = ports
      .automations()
      .map(({ trigger }) => (trigger.kind === "event" ? trigger.expect : []));
    assert.deepEqual(expected, [["from.json"], ["from.file"], ["too"]]);
  });

  it("names the file of faults and warnings", async () => {
    const path = join(folder, "typo.yaml");
    writeFileSync(path, "triggers: [{ expect: [a], wihtin: 1 }, { expect: [b], within: soon }]");
    const only = ["-n", "my-deployment", "--trigger", path];
    const bad = await deploy(memoryPorts(), ...only, "--trigger", '{"posture": "Sometimes"}');
    assert.deepEqual(bad.failed.join().split("\n"), [
      `${path}: triggers[1].within: expected a duration such as 60, PT2H or 01:30:00; found "soon"`,
      '--trigger: posture: expected Reactive or Proactive; found "Sometimes"',
    ]);
    writeFileSync(path, "triggers: [{ expect: [a], wihtin: 1 }]");
    assert.deepEqual((await deploy(memoryPorts(), ...only)).noted, [
      `warning: ${path}: triggers[0].wihtin: unknown key, it is ignored; did you mean within?`,
    ]);
    writeFileSync(path, "trigers: []");
    assert.deepEqual((await deploy(memoryPorts(), ...only)).noted, [
      `warning: ${path}: there are no \`triggers\` in this file`,
    ]);
  });

  it("wants one deployment", async () => {
    const ports = memoryPorts();
    const said = await deploy(ports, "--all", "--trigger", "{}");
    assert.deepEqual(
      [said.code, said.failed, ports.defined],
      [2, ["--trigger is for one deployment: say which with -n"], []],
    );
  });

  it("tells what it could not read", async () => {
    const missing = await deploy(memoryPorts(), "-n", "my-deployment", "--trigger", join(folder, "no.yaml"));
    assert.match(missing.failed.join(), /no\.yaml: there is no such file$/);
    const broken = await deploy(memoryPorts(), "-n", "my-deployment", "--trigger", "{");
    assert.match(broken.failed.join(), /^--trigger: line 1: /);
    assert.deepEqual([missing.code, broken.code], [1, 2]);
  });
});

describe("tripline automations list", () => {
  it("shows what each waits for and what it does", async () => {
    const ports = memoryPorts();
    const folder = mkdtempSync(join(tmpdir(), "tripline-list-"));
    try {
      const triggers = [
        '{"name": "absent", "posture": "Proactive", "expect": ["beat"], "within": 60, "enabled": false}',
        '{"name": "any", "match": {"prefect.resource.id": "r"}}',
        '{"name": "both", "require": "all", "triggers": [{"expect": ["a"]}, {"expect": ["b"]}]}',
        '{"name": "pinged", "expect": ["external.resource.pinged"]}',
      ];
      const path = join(folder, "prefect.yaml");
      writeFileSync(path, FIRST);
      await tripline(["deploy", "--prefect-file", path, ...triggers.flatMap((one) => ["--trigger", one])], {
        ports,
      });
      const said = await tripline(["automations", "list"], { ports });
      const rows = said.printed
        .join()
        .split("\n")
        .map((line) => line.replace(/ {2,}\S+$/, ""));
      assert.deepEqual(rows, [
        "NAME    ENABLED  TRIGGER                   ACTIONS",
        "absent  no       absence of beat           run-deployment",
        "any     yes      any event                 run-deployment",
        "both    yes      compound of 2             run-deployment",
        "pinged  yes      external.resource.pinged  run-deployment",
      ]);
      const whole = await tripline(["automations", "list", "--json"], { ports });
      assert.equal(JSON.parse(whole.printed.join())[0].trigger.posture, "Proactive");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("comes to its end however many there are", async () => {
    const ports = memoryPorts();
    const { createGateway } = await import("../../src/gateway/gateway.ts");
    const app = createGateway(ports, { auth: null, log: () => {} });
    const body = JSON.stringify({ name: "a", trigger: { posture: "Reactive" }, actions: [] });
    for (let i = 0; i < 401; i++) await app.request("/api/automations/", { method: "POST", body });
    const said = await tripline(["automations", "list", "--json"], { ports });
    const ids = JSON.parse(said.printed.join()).map(({ id }: { id: string }) => id);
    assert.equal(new Set(ids).size, 401);
  });

  it("says so when there are none", async () => {
    const said = await tripline(["automations", "list"]);
    assert.deepEqual(said, { ...quiet, printed: ["There are no automations."] });
  });
});

describe("tripline describe", () => {
  it("shows the flow as text, and as a diagram", async () => {
    const text = await tripline(["describe"]);
    assert.equal(text.code, 0, text.failed.join());
    assert.match(text.printed.join(), /^tripline: Runs deployments/);
    assert.match(text.printed.join(), /evaluator: /);
    const diagram = await tripline(["describe", "--mermaid"]);
    assert.match(diagram.printed.join(), /^flowchart|^graph/);
  });

  it("tells every fault of a topology, with its file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tripline-describe-"));
    try {
      const path = join(folder, "my.yaml");
      writeFileSync(path, "name: my\nroles: 7\n");
      const environment = { TRIPLINE_TOPOLOGY: path };
      const said = await tripline(["describe"], { ports: memoryPorts(), environment });
      assert.equal(said.code, 2);
      assert.match(said.failed.join(), /^\/\S+my\.yaml:\n {2}.*\n {2}/);
      const missing = { TRIPLINE_TOPOLOGY: join(folder, "no.yaml") };
      assert.equal((await tripline(["describe"], { ports: memoryPorts(), environment: missing })).code, 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

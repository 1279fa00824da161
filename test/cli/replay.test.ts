/** `tripline replay`: events of the past through automations, told to people and to programs; and conformance cases. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { memoryPorts } from "../gateway/memory-ports.ts";
import { quiet, tripline } from "./gateway-at-hand.ts";
import type { Said } from "./recording-out.ts";

const ORDERS = `
deployments:
  - name: restock
    entrypoint: shop.py:restock
    parameters: { by: van }
    triggers:
      - expect: [order.paid]
        for_each: [shop]
        threshold: 2
        within: 60
        schedule_after: PT1H
        parameters: { shop: "{{ event.resource.shop }}", to: "{{ variables.depot }}" }
`;

const order = (second: number, shop: string, more: object = {}): string =>
  JSON.stringify({
    event: "order.paid",
    occurred: `2026-11-20T10:00:${String(second).padStart(2, "0")}Z`,
    resource: { "prefect.resource.id": `order.${second}`, shop },
    ...more,
  });

describe("tripline replay", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tripline-replay-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  async function told(
    definition: string,
    events: readonly string[],
    more: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Said> {
    const automations = file("automations.yaml", definition);
    const path = file("events.jsonl", `${events.join("\n")}\n`);
    const argv = ["replay", "--automations", automations, "--events", path, ...more];
    return tripline(argv, { ports: memoryPorts(), environment });
  }

  it("prints what would have fired and run, when, and why", async () => {
    const said = await told(ORDERS, [order(0, "a"), order(1, "b"), order(5, "a")], [], {
      TRIPLINE_VARIABLES: '{"depot": "north"}',
    });
    assert.deepEqual(said, {
      ...quiet,
      printed: [
        [
          "WHEN                  AUTOMATION             TRIGGER   LABELS  EVENT                  RUN      DUE                   PARAMETERS",
          '2026-11-20T10:00:05Z  restock__automation_1  reactive  shop=a  order.paid of order.5  restock  2026-11-20T11:00:05Z  {"by":"van","shop":"a","to":"north"}',
        ].join("\n"),
      ],
      noted: ["3 events from 2026-11-20T10:00:00Z to 2026-11-20T10:00:05Z; 1 firing; 2 windows still open."],
    });
  });

  it("gives programs the whole of every firing, one a line", async () => {
    const said = await told(ORDERS, [order(0, "a"), order(5, "a"), order(6, "b"), order(7, "b")], ["--json"]);
    const [first, second] = said.printed.map((line) => JSON.parse(line));
    assert.equal(said.printed.length, 2);
    assert.equal(second.triggering_labels.shop, "b");
    assert.deepEqual(
      [first.automation, first.trigger_kind, first.event, first.resource_id, first.triggered],
      ["restock__automation_1", "reactive", "order.paid", "order.5", "2026-11-20T10:00:05Z"],
    );
    assert.deepEqual(
      [first.actions[0].deployment_name, first.actions[0].scheduled_time, first.actions[0].parameters],
      ["restock", "2026-11-20T11:00:05Z", { by: "van", shop: "a", to: null }],
    );
  });

  const SILENCE =
    "triggers: [{ posture: Proactive, after: [order.paid], expect: [order.shipped], within: 30 }]";

  it("ends with the last event, and lets time pass where that is asked for", async () => {
    const short = await told(SILENCE, [order(0, "a")]);
    assert.deepEqual(short.printed, ["Nothing fired."]);
    assert.match(short.noted.join(), /1 window still open/);
    const long = await told(SILENCE, [order(0, "a")], ["--until", "2026-11-20T10:05:00Z", "--json"]);
    assert.equal(JSON.parse(long.printed[0] ?? "").triggered, "2026-11-20T10:00:30Z");
    assert.match(long.noted.join(), /to 2026-11-20T10:05:00Z; 1 firing; 0 windows still open/);
  });

  it("leaves out what came in after --until", async () => {
    const said = await told(ORDERS, [order(0, "a"), order(5, "a")], ["--until", "2026-11-20T10:00:04Z"]);
    assert.deepEqual(said.printed, ["Nothing fired."]);
    assert.match(said.noted.join(), /^1 event .*; the events after --until are left out\.$/);
  });

  it("never goes back in time: what is out of order is taken as having come in with the event above", async () => {
    const said = await told(ORDERS, [order(5, "a"), order(0, "a")], ["--json"]);
    assert.equal(JSON.parse(said.printed[0] ?? "").triggered, "2026-11-20T10:00:05Z");
    assert.match(said.noted.join(), /1 out of order, taken as received with the one above/);
  });

  it("goes on after lines that are no events, tells each with its number, and ends with 1", async () => {
    const bad = [
      "{oops",
      order(1, "a", { resource: {} }),
      '{"event": "x"}',
      order(2, "a", { occurred: "soon" }),
    ];
    const said = await told(ORDERS, [order(0, "a"), ...bad, "", order(5, "a")]);
    const path = join(folder, "events.jsonl");
    assert.deepEqual(said.noted.slice(0, -1), [
      `${path}: line 2: expected one event as a JSON object`,
      `${path}: line 3: resource: Resources must include the prefect.resource.id label`,
      `${path}: line 4: received: expected the time at which it came in, or in \`occurred\` when it happened`,
      `${path}: line 5: received: expected the time at which it came in, or in \`occurred\` when it happened`,
    ]);
    assert.deepEqual([said.failed, said.code], [[`4 lines of ${path} are no events.`], 1]);
    assert.equal(said.printed.length, 1);
  });

  it("hands what fired back as events, unless that is not wanted", async () => {
    const twice = `
automations:
  - name: first
    trigger: { type: event, posture: Reactive, expect: [order.paid], threshold: 1 }
    actions: []
  - name: second
    trigger: { type: event, posture: Reactive, expect: [prefect.automation.triggered] }
    actions: [{ type: do-nothing }]
`;
    assert.equal((await told(twice, [order(0, "a")], ["--json"])).printed.length, 2);
    assert.equal((await told(twice, [order(0, "a")], ["--json", "--no-feedback"])).printed.length, 1);
  });

  it("tells every fault of the automations with file and place", async () => {
    const said = await told("automations: [{ name: 7, trigger: { type: event }, actions: [] }]", []);
    const path = join(folder, "automations.yaml");
    assert.deepEqual(said.failed.join().split("\n"), [
      `${path}: automations[0].name: expected a text; found 7`,
      `${path}: automations[0].trigger.EventTrigger.posture: this must be given`,
    ]);
    assert.equal(said.code, 1);
  });

  it("says which file is missing, and what it needs", async () => {
    const path = join(folder, "none.jsonl");
    const argv = ["replay", "--automations", file("a.yaml", ORDERS), "--events", path];
    assert.deepEqual((await tripline(argv)).failed, [`${path}: there is no such file`]);
    const alone = await tripline(["replay", "--events", path]);
    assert.deepEqual(alone.failed, ["replay needs --automations FILE and --events FILE, or --cases FILE"]);
    assert.equal(alone.code, 2);
    const until = await told(ORDERS, [], ["--until", "noon"]);
    assert.deepEqual(until.failed, ['--until: expected a time as in 2026-11-20T10:00:00Z; found "noon"']);
  });

  it("names the file of variables that is at fault", async () => {
    const path = file("variables.yaml", "a: 1\na: 2\n");
    const said = await told(ORDERS, [order(0, "a")], ["--variables", path]);
    assert.deepEqual(said.failed, [`--variables: ${path}: line 2: Map keys must be unique`]);
  });

  describe("--explain", () => {
    const events = [order(0, "a"), order(1, "b"), order(2, "a", { event: "order.lost" }), order(3, "a")];

    it("tells how each event moved the only trigger there is", async () => {
      const said = await told(ORDERS, events, ["--explain"]);
      assert.deepEqual(said.printed, [
        "2026-11-20",
        '10:00:00  counted 1 of 2 in [09:45:00, 10:01:00)  ["a"]  order.paid of order.0',
        '10:00:01  counted 1 of 2 in [09:45:01, 10:01:01)  ["b"]  order.paid of order.1',
        '10:00:02  not of interest: name order.lost is not expected, expected one of order.paid  ["a"]  order.lost of order.2',
        '10:00:03  counted 2 of 2 in [09:45:00, 10:01:00) → fired; the next window is [10:01:00, 10:02:00)  ["a"]  order.paid of order.3',
      ]);
    });

    it("keeps to one key, and gives programs an object a line", async () => {
      const said = await told(ORDERS, events, ["--explain", "--json", "--key", "b"]);
      const all = said.printed.map((line) => JSON.parse(line));
      assert.deepEqual(
        all.map(({ at, key, event, says }) => [at, key, event, says]),
        [["2026-11-20T10:00:01Z", ["b"], "order.paid", "counted 1 of 2 in [09:45:01, 10:01:01)"]],
      );
    });

    const SEVERAL = `
- name: pair
  trigger:
    type: compound
    require: all
    within: null
    triggers:
      - { type: event, posture: Reactive, expect: [a] }
      - { type: event, posture: Proactive, after: [b], expect: [c], within: 10 }
  actions: []
`;

    it("lists what there is to choose from where several triggers may be meant, or none", async () => {
      const choices = [
        "  pair  (compound)",
        "  pair/0  (Reactive: expect a)",
        "  pair/1  (Proactive: after b, expect c)",
      ];
      const open = await told(SEVERAL, [], ["--explain"]);
      const heading = "--explain: say which trigger is to be explained; there are:";
      assert.deepEqual([open.failed.join().split("\n"), open.code], [[heading, ...choices], 2]);
      const wrong = await told(SEVERAL, [], ["--explain", "pair/7"]);
      assert.match(wrong.failed.join(), /no trigger is called 'pair\/7'; there are:/);
    });

    it("takes one of them by its place", async () => {
      const said = await told(SEVERAL, [order(0, "a", { event: "b" })], ["--explain", "pair/1"]);
      assert.deepEqual(said.printed.slice(1), [
        "10:00:00  opens the window [10:00:00, 10:00:10)  b of order.0",
      ]);
    });
  });

  describe("--cases", () => {
    const given = {
      start: "2031-03-04T10:00:00Z",
      automations: [
        {
          id: "a0000000-0000-4000-8000-000000000000",
          name: "one",
          trigger: { type: "event", posture: "Reactive", expect: ["x"], threshold: 1 },
          actions: [{ type: "do-nothing" }],
        },
        { id: "b0000000-0000-4000-8000-000000000000", name: "none" },
      ],
      script: [
        {
          at: "2031-03-04T10:00:01Z",
          event: {
            id: "e0000000-0000-4000-8000-000000000000",
            event: "x",
            resource: { "prefect.resource.id": "r" },
          },
        },
      ],
    };

    it("answers each with one line, and goes on after one that is broken", async () => {
      const broken = { ...given, script: [{ at: "later" }] };
      const cases = [{ name: "first", given: broken }, { name: "second", given }, { name: "third" }];
      const said = await tripline(["replay", "--cases", file("cases.json", JSON.stringify(cases))]);
      const [first, second, third] = said.printed.map((line) => JSON.parse(line));
      const wrong = 'script[0].at: expected a time, found "later"';
      assert.deepEqual(first, { name: "first", error: wrong });
      assert.deepEqual(third, { name: "third", error: "given: expected an object, found nothing" });
      assert.deepEqual(second.rejected, ["b0000000-0000-4000-8000-000000000000"]);
      assert.equal(second.firings.length, 1);
      assert.deepEqual([second.firings[0].step, second.firings[0].triggered], [0, "2031-03-04T10:00:01Z"]);
      assert.deepEqual([said.failed[0], said.code], [`first: ${wrong}`, 1]);
    });

    it("needs a JSON array", async () => {
      const path = file("cases.json", "{}");
      assert.deepEqual((await tripline(["replay", "--cases", path])).failed, [
        `${path}: expected a JSON array of cases`,
      ]);
    });
  });
});

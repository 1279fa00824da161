/** A topology is read whole, and everything that does not fit is told at once, with its place. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatFault } from "../../src/core/model/fault.ts";
import { loadTopology, type Topology } from "../../src/topology/topology.ts";
import { known } from "./known.ts";

/** A small topology; `changes` are made to its text. */
function text(...changes: readonly (readonly [from: string, to: string])[]): string {
  const whole = `
name: small
about: Counts.
topics:
  events:    { schema: event, key: resource, partitions: 4, keep: 7d }
  rules:     { schema: automation, key: automation, partitions: 1, keep: latest }
  matches:   { schema: travelling-match, key: bucket, partitions: 4, keep: 12h, internal: true }
  changelog: { schema: stores/entry, key: store and key, partitions: 4, keep: latest, internal: true }
  firings:   { schema: firing, key: automation, partitions: 4, keep: 90m }
roles:
  evaluator:
    changelog: changelog
    order:    { from: events, store: waiting }
    match:    { from: order, table: rules }
    evaluate: { from: match, rekey: bucket, via: matches, store: buckets, table: rules }
    act:      { from: evaluate, to: firings }
`;
  return changes.reduce((before, [from, to]) => {
    assert.ok(before.includes(from), from);
    return before.replace(from, to);
  }, whole);
}

const faults = (source: string): string[] => {
  const loaded = loadTopology(source, known);
  return loaded.ok ? [] : loaded.faults.map(formatFault);
};

function loaded(source: string): Topology {
  const topology = loadTopology(source, known);
  assert.ok(topology.ok, JSON.stringify(topology));
  return topology.value;
}

describe("a topology that fits", () => {
  it("becomes data, with what was left out filled in", () => {
    const { name, about, topics, roles } = loaded(text());
    assert.deepEqual([name, about], ["small", "Counts."]);
    assert.deepEqual(topics["firings"], {
      name: "firings",
      schema: "firing",
      key: "automation",
      partitions: 4,
      keep: { ms: 90 * 60_000 },
      internal: false,
      format: "json",
    });
    assert.equal(topics["rules"]?.keep, "latest");
    assert.deepEqual(topics["matches"]?.keep, { ms: 12 * 3_600_000 });
    assert.deepEqual(topics["events"]?.keep, { ms: 7 * 86_400_000 });
    assert.equal(roles["evaluator"]?.changelog, "changelog");
    assert.deepEqual(roles["evaluator"]?.steps[2], {
      name: "evaluate",
      from: ["match"],
      rekey: "bucket",
      via: "matches",
      store: "buckets",
      tables: ["rules"],
      to: [],
      edge: null,
    });
  });

  it("has its steps in the order of the flow, however they were written", () => {
    const act = "    act:      { from: evaluate, to: firings }\n";
    const order = "    order:    { from: events, store: waiting }\n";
    const { roles } = loaded(text([act, ""], [order, act], ["    match:", `${order}    match:`]));
    const names = roles["evaluator"]?.steps.map(({ name }) => name);
    assert.deepEqual(names, ["order", "match", "evaluate", "act"]);
  });

  it("may have a role without steps, and one whose own input is its changelog", () => {
    const commands = "  commands:  { schema: run-command, key: run, partitions: 3, keep: latest }\nroles:\n";
    const roles =
      "  gateway: {}\n  scheduler: { changelog: commands, schedule: { from: commands, store: agenda } }\n";
    const topology = loaded(text(["roles:\n", `${commands}${roles}`]));
    assert.deepEqual(topology.roles["gateway"]?.steps, []);
    assert.equal(topology.roles["scheduler"]?.changelog, "commands");
  });
});

describe("a topology file that cannot be read", () => {
  it("is told by line and column", () => {
    assert.match(faults("name: [a\nabout: b").join("\n"), /at line 2, column \d+/);
    assert.match(
      faults(text(["  rules:  ", "  events: "])).join("\n"),
      /^Map keys must be unique at line 6, column 3$/,
    );
  });

  it("is told by place where something has the wrong shape, all at once", () => {
    const wrong = text(
      ["keep: 7d", "keep: forever"],
      ["partitions: 1,", "partitions: none,"],
      ["from: order,", "form: order,"],
    );
    assert.deepEqual(faults(wrong), [
      "topics.events.keep: expected latest, or a time such as 90m, 12h or 7d",
      "topics.rules.partitions: Invalid input: expected number, received string",
      "roles.evaluator.match.from: Invalid input",
      'roles.evaluator.match: Unrecognized key: "form"',
    ]);
    assert.deepEqual(faults("- a").length, 1);
  });
});

describe("a part that does not fit", () => {
  const dispatcher = "  dispatcher:\n    dispatch: { from: firings }\n";
  const withMore = (more: string): string => `${text()}${more}`;
  const cases: readonly (readonly [is: string, source: string, ...told: string[]])[] = [
    [
      "a topic that carries something else",
      withMore(dispatcher),
      "roles.dispatcher.dispatch: reads run-command, but 'firings' carries firing",
    ],
    [
      "a step that sends something else",
      text(["from: evaluate,", "from: match,"]),
      "roles.evaluator.act: reads firing, but 'match' sends match",
    ],
    [
      "an input that is not there",
      text(["from: order,", "from: ordre,"]),
      "roles.evaluator.match: reads from 'ordre', but there is no such topic, nor such a step in this role",
    ],
    [
      "a schema that is not there",
      text(["schema: event,", "schema: evnet,"]),
      "topics.events.schema: there is no schema 'evnet'",
      "roles.evaluator.order: reads event, but 'events' carries evnet",
    ],
    [
      "a processor that is not there",
      text(["    act: ", "    atc: "]),
      "roles.evaluator.atc: there is no processor 'atc'",
    ],
    [
      "a name that is no processor, but that every object has",
      text(["    act: ", "    constructor: "]),
      "roles.evaluator.constructor: there is no processor 'constructor'",
    ],
    [
      "a step that reads from itself",
      text(["from: order,", "from: match,"]),
      "roles.evaluator.match: reads taken, but 'match' sends match",
      "roles.evaluator.match: reads from itself",
    ],
    [
      "a circle",
      text(["from: events,", "from: [events, evaluate],"]),
      "roles.evaluator.order: reads event, but 'evaluate' sends firing",
      "roles.evaluator.order: reads from itself, by way of 'evaluate', 'match'",
      "roles.evaluator.match: reads from itself, by way of 'order', 'evaluate'",
      "roles.evaluator.evaluate: reads from itself, by way of 'match', 'order'",
    ],
    [
      "a step that reads nothing",
      text(["from: evaluate,", "from: [],"]),
      "roles.evaluator.act: reads from nothing",
    ],
    [
      "a way that is not there",
      text(["via: matches", "via: paths"]),
      "roles.evaluator.evaluate: inputs travel via 'paths', but there is no such topic",
    ],
    [
      "a way that is not internal",
      text(["12h, internal: true", "12h"]),
      "roles.evaluator.evaluate: inputs travel via 'matches', which is not internal",
    ],
    [
      "a way for something else",
      text(["schema: travelling-match", "schema: match"]),
      "roles.evaluator.evaluate: reads match, but 'matches' carries match, not travelling-match",
    ],
    [
      "a way by another key",
      text(["rekey: bucket", "rekey: parent"]),
      "roles.evaluator.evaluate: is keyed by parent, but 'matches' by bucket",
    ],
    [
      "a new key without a way",
      text(["via: matches, ", ""]),
      "roles.evaluator.evaluate: is keyed anew, but has no 'via' by which inputs travel to where the key lives",
    ],
    [
      "a table that is not there",
      text(["from: order, table: rules", "from: order, table: rulez"]),
      "roles.evaluator.match: has the table 'rulez', but there is no such topic",
    ],
    [
      "a table that forgets",
      text(["partitions: 1, keep: latest", "partitions: 1, keep: 1d"]),
      "roles.evaluator.match: has the table 'rules', but a table must keep the latest of each key",
      "roles.evaluator.evaluate: has the table 'rules', but a table must keep the latest of each key",
    ],
    [
      "an output that is not there",
      text(["to: firings", "to: fires"]),
      "roles.evaluator.act: writes to 'fires', but there is no such topic",
    ],
    [
      "an output that carries something else",
      text(["to: firings", "to: rules"]),
      "roles.evaluator.act: sends firing or run-command or run-event or event, but 'rules' carries automation",
    ],
    [
      "an output that is internal",
      text(["to: firings", "to: matches"]),
      "roles.evaluator.act: writes to 'matches', which is internal",
    ],
    [
      "state without a store",
      text([", store: waiting", ""]),
      "roles.evaluator.order: keeps state, but has no store",
    ],
    [
      "a store without state",
      text(["order, table", "order, store: nothing, table"]),
      "roles.evaluator.match: has the store 'nothing', but keeps no state",
    ],
    [
      "a store without a changelog",
      text(["    changelog: changelog\n", ""]),
      "roles.evaluator.order: has the store 'waiting', but its role has no changelog",
      "roles.evaluator.evaluate: has the store 'buckets', but its role has no changelog",
    ],
    [
      "two stores of one name",
      text(["store: buckets", "store: waiting"]),
      "roles.evaluator: names 'waiting' twice in 'store'",
    ],
    [
      "a topic named twice",
      text(["to: firings", "to: [firings, firings]"]),
      "roles.evaluator.act: names 'firings' twice in 'to'",
    ],
    [
      "a changelog that is not there",
      text(["changelog: changelog\n", "changelog: log\n"]),
      "roles.evaluator.changelog: there is no topic 'log'",
    ],
    [
      "a changelog that is none",
      text(["changelog: changelog\n", "changelog: firings\n"]),
      "roles.evaluator.changelog: 'firings' must keep the latest of each key",
      "roles.evaluator.changelog: 'firings' carries firing, not stores/entry",
      "roles.evaluator.changelog: 'firings' is not internal",
    ],
    [
      "a step called like a topic",
      text(["  firings:  ", "  act: "], ["to: firings", "to: act"]),
      "roles.evaluator.act: 'act' is a topic too; whoever reads it could mean either",
    ],
    [
      "topics that cannot be shared out together",
      text(["bucket, partitions: 4", "bucket, partitions: 8"]),
      "roles.evaluator: its topics must have the same number of partitions, but 'events' has 4, 'matches' has 8, 'changelog' has 4",
    ],
  ];
  for (const [is, source, ...told] of cases) {
    it(`is told with its place: ${is}`, () => {
      assert.deepEqual(faults(source), told);
    });
  }

  it("is told together with all others", () => {
    const wrong = text(
      ["via: matches", "via: paths"],
      ["to: firings", "to: fires"],
      [", store: waiting", ""],
    );
    assert.equal(faults(`${wrong}${dispatcher}`).length, 4);
  });
});

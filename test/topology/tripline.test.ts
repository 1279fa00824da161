/** Our own topology fits, and what is generated from it is fresh; `REFRESH=1` writes it anew. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it, describe as suite } from "node:test";
import { formatFault } from "../../src/core/model/fault.ts";
import {
  describe,
  loadTopology,
  mermaid,
  type Topology,
  topologySchema,
} from "../../src/topology/topology.ts";
import { known } from "./known.ts";

const folder = join(import.meta.dirname, "../../topologies");
const read = (file: string): string => readFileSync(join(folder, file), "utf8");

function tripline(): Topology {
  const topology = loadTopology(read("tripline.yaml"), known);
  if (topology.ok) return topology.value;
  throw new Error(topology.faults.map(formatFault).join("\n"));
}

/** The file as it is, after writing it anew where that was asked for. */
function kept(file: string, fresh: string): string {
  if (process.env["REFRESH"] === "1") writeFileSync(join(folder, file), fresh);
  return read(file);
}

suite("topologies/tripline.yaml", () => {
  it("fits together", () => {
    const { topics, roles } = tripline();
    assert.equal(Object.keys(topics).length, 12);
    assert.deepEqual(Object.keys(roles), ["evaluator", "scheduler", "historian", "gateway"]);
  });

  it("has the partitions that go together in one number", () => {
    const counts = Object.values(tripline().topics).map(({ name, partitions }) => [name, partitions]);
    const single = counts.filter(([, count]) => count === 1).map(([name]) => name);
    assert.deepEqual(single, ["automations", "deployments"]);
    assert.ok(counts.every(([, count]) => count === 1 || count === 12));
  });

  it("writes Avro where it is read by Tripline alone, JSON where people read", () => {
    for (const { name, internal, format } of Object.values(tripline().topics)) {
      assert.equal(format, internal ? "avro" : "json", name);
    }
  });

  it("is described in tripline.txt, on one screen", () => {
    const text = describe(tripline());
    assert.equal(kept("tripline.txt", text), text);
    const lines = text.split("\n");
    assert.ok(lines.length <= 40, `${lines.length} lines`);
    for (const line of lines) assert.ok(line.length <= 120, line);
  });

  it("is drawn with every topic, step and arrow", () => {
    const topology = tripline();
    const drawing = mermaid(topology);
    for (const topic of Object.keys(topology.topics))
      assert.ok(drawing.includes(`topic-${topic}([${topic}])`), topic);
    for (const arrow of [
      "topic-events --> evaluator-order",
      "evaluator-match --> topic-matches",
      "topic-matches --> evaluator-evaluate",
      "topic-deployments -.-> evaluator-act",
      "evaluator-act --> topic-run-commands",
      "scheduler-schedule --> topic-due-runs",
      "historian-record --> edge-clickhouse{{clickhouse}}",
    ]) {
      assert.ok(drawing.includes(arrow), arrow);
    }
  });

  it("has its schema for editors in topology.schema.json", () => {
    const schema = topologySchema();
    assert.deepEqual(
      JSON.parse(kept("topology.schema.json", `${JSON.stringify(schema, null, 2)}\n`)),
      schema,
    );
  });
});

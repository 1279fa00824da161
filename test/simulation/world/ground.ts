/** The topology and the wire of a world with so many partitions; made once, for worlds are many. */
import { join } from "node:path";
import { openCodecs } from "../../../src/edges/avro/avro.ts";
import { Wire } from "../../../src/runtime/runtime.ts";
import type { Topology } from "../../../src/topology/topology.ts";
import { topology } from "../../support/evaluators.ts";

const codecs = openCodecs(join(import.meta.dirname, "../../../schemas"));
const wires = new Map<string, Wire>();

export function wireFor(partitions: number, prefix = "t"): Wire {
  const name = `${prefix} ${partitions}`;
  const known = wires.get(name);
  if (known !== undefined) return known;
  const wire = new Wire({ topology: topologyFor(partitions), codecs, prefix });
  wires.set(name, wire);
  return wire;
}

export const topologyFor = (partitions: number): Topology => ({
  ...topology,
  topics: Object.fromEntries(
    Object.entries(topology.topics).map(([name, topic]) => [
      name,
      { ...topic, partitions: topic.partitions === 1 ? 1 : partitions },
    ]),
  ),
});

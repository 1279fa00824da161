/** The topology this process was told to run, read from its file and checked. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { knownProcessors } from "../core/core.ts";
import { formatFault } from "../core/model/fault.ts";
import { schemaNames } from "../edges/avro/avro.ts";
import { loadTopology, type Topology } from "../topology/topology.ts";
import { ConfigurationError, readTextFile, reasonOf } from "./reasons.ts";
import type { Settings } from "./settings.ts";

/** Where the package keeps its topologies and schemas, seen from src/cli and from dist/cli alike. */
const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));

export const SCHEMAS = join(PACKAGE, "schemas");

/** A file that cannot be used: told as one message, every fault with its place. */
export class TopologyError extends ConfigurationError {
  override readonly name = "TopologyError";
}

export async function readTopology({ topologyFile }: Pick<Settings, "topologyFile">): Promise<Topology> {
  const file = topologyFile ?? join(PACKAGE, "topologies", "tripline.yaml");
  const text = await readTextFile(file).catch((error: unknown) => {
    throw new TopologyError(`Cannot read the topology ${file} (TRIPLINE_TOPOLOGY): ${reasonOf(error)}`);
  });
  const known = { processors: knownProcessors, schemas: schemaNames(SCHEMAS) };
  const loaded = loadTopology(text, known);
  if (!loaded.ok) throw new TopologyError([`${file}:`, ...loaded.faults.map(formatFault)].join("\n  "));
  return loaded.value;
}

/** `tripline describe`: how topics, roles and steps are joined. */
import { describe, mermaid } from "../../topology/topology.ts";
import type { Out } from "../out.ts";
import type { Settings } from "../settings.ts";

export async function describeTopology(
  settings: Settings,
  out: Out,
  options: { readonly mermaid?: boolean },
): Promise<void> {
  // Loaded here only: the other commands need no schema and no topology.
  const { readTopology, TopologyError } = await import("../topology-file.ts");
  try {
    const topology = await readTopology(settings);
    out.print((options.mermaid === true ? mermaid(topology) : describe(topology)).trimEnd());
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    out.fail(error.message, 2);
  }
}

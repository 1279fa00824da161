/** What our topology may name; and `dispatch`, which comes later, for topologies that do not fit. */
import { join } from "node:path";
import { knownProcessors } from "../../src/core/core.ts";
import { schemaNames } from "../../src/edges/avro/avro.ts";
import type { Known } from "../../src/topology/topology.ts";

export const known: Known = {
  schemas: schemaNames(join(import.meta.dirname, "../../schemas")),
  processors: {
    ...knownProcessors,
    dispatch: { reads: ["run-command"], sends: ["run-event"], keepsState: false },
  },
};

/** Deployments: what a run command runs, and where. */
import type { JsonObject } from "./json.ts";
import type { Instant } from "./time.ts";

export interface Deployment {
  readonly id: string;
  readonly name: string;
  readonly flowName: string;
  /** `path/to/flow.py:function`, where there is one. */
  readonly entrypoint: string | null;
  readonly workPool: string | null;
  /** Values used where a command gives none. */
  readonly parameters: JsonObject;
  /** JSON Schema of the parameters; a string parameter gets text (design.md, section 4). */
  readonly parameterSchema: JsonObject | null;
  readonly tags: readonly string[];
  readonly description: string;
  readonly created: Instant;
  readonly updated: Instant;
}

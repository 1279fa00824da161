/** Actions: what an automation wants done when its trigger fires (triggers-spec 4.1, 4.2). */
import type { JsonObject } from "./json.ts";
import type { Duration } from "./time.ts";

export interface RunDeployment {
  readonly kind: "run-deployment";
  /** `selected` names the deployment; `inferred` takes it from the event. */
  readonly source: "selected" | "inferred";
  readonly deploymentId: string | null;
  /** Templates and values; rendered at firing time (semantics.md, section 8). */
  readonly parameters: JsonObject | null;
  readonly jobVariables: JsonObject | null;
  readonly scheduleAfter: Duration;
}

/** Any other action of Prefect's: kept and echoed as it was written, its fields in `body` under their wire names. */
export interface OtherAction {
  readonly kind: "other";
  /** `do-nothing`, `pause-deployment`, … */
  readonly type: string;
  readonly body: JsonObject;
}

export type Action = RunDeployment | OtherAction;

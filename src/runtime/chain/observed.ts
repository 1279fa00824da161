/** What a chain shows of its work to those who explain what happened. */
import type { Instant } from "../../core/model/time.ts";
import type { Emission } from "../../core/processor.ts";

/** One call of a stage: the state of its key before and after it. */
export interface Observed {
  readonly step: string;
  readonly key: string;
  readonly input: unknown;
  readonly before: unknown;
  readonly after: unknown;
  readonly emit: readonly Emission[];
  /** W at the call. */
  readonly at: Instant;
}

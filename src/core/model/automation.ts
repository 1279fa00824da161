/** Automations: a trigger and the actions it runs. */
import type { Action } from "./action.ts";
import type { Instant } from "./time.ts";
import type { Trigger } from "./trigger.ts";

export interface Automation {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly tags: readonly string[];
  readonly trigger: Trigger;
  readonly actions: readonly Action[];
  readonly actionsOnTrigger: readonly Action[];
  readonly actionsOnResolve: readonly Action[];
  /** `prefect.deployment.<id>` for the automations of a deployment. */
  readonly ownerResource: string | null;
  readonly created: Instant;
  readonly updated: Instant;
  /** When it was switched on again last: nothing from before counts, though nobody may have seen it off. */
  readonly armed?: Instant;
}

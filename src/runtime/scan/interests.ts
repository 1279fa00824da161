/** Which events some trigger may want, as far as their names tell: never too few, so that nothing wanted is passed over. */
import type { AutomationTable } from "../../core/model/automation-table.ts";

export interface Interests {
  /** Whether some trigger may want an event of this name. */
  inName(name: string): boolean;
  /** Whether some trigger wants every state of a run, whatever it is called. */
  readonly inStates: boolean;
}

/** Taken apart from all others by the first step (core/order). */
const LOG_WRITE = "prefect.log.write";

export function interestsOf({ triggers }: AutomationTable): Interests {
  const names = new Set([LOG_WRITE]);
  const prefixes = new Set<string>();
  let inStates = false;
  for (const { trigger } of triggers.values()) {
    if (trigger.kind === "metric") inStates = true;
    if (trigger.kind !== "event") continue;
    // Without any name expected every event is.
    if (trigger.expect.length === 0) prefixes.add("");
    for (const name of [...trigger.expect, ...trigger.after]) {
      const special = name.search(/[*?[]/);
      if (special < 0) names.add(name);
      else prefixes.add(name.slice(0, special));
    }
  }
  const starts = [...prefixes].filter(
    (one) => ![...prefixes].some((other) => other !== one && one.startsWith(other)),
  );
  return { inName: (name) => names.has(name) || starts.some((start) => name.startsWith(start)), inStates };
}

/** The table of automations as the stages read it: every enabled trigger by id, with its place in its automation. */
import type { Automation } from "./automation.ts";
import { deriveId } from "./id.ts";
import { gathersInputs, isComposite, meaningOf, type Trigger } from "./trigger.ts";

/** A trigger where it stands: in which automation, under which composite, and in which order it is taken. */
export interface Placed {
  readonly trigger: Trigger;
  readonly automation: Automation;
  /** The offset of the automation's definition in its topic. */
  readonly revision: number;
  /** Order of taking: automations by creation, triggers depth first, left to right. */
  readonly position: number;
  /** The composite it is a child of, and as which one; null for the root. */
  readonly parent: { readonly id: string; readonly child: number } | null;
  readonly rootId: string;
  /** Stands for what it means: equal, equal behaviour (semantics.md, section 7). */
  readonly meaning: string;
}

export interface AutomationTable {
  /** Enabled automations in order of creation. */
  readonly automations: readonly Automation[];
  readonly triggers: ReadonlyMap<string, Placed>;
  /** Whether any trigger gathers its inputs from all tasks (design.md, section 3). */
  readonly gathers: boolean;
}

export interface Revised {
  readonly automation: Automation;
  readonly revision: number;
}

/** Builds the table; disabled automations are left out, as if they were not there (semantics.md, S13). */
export function tableOf(entries: readonly Revised[]): AutomationTable {
  const enabled = entries.filter(({ automation }) => automation.enabled).toSorted(byCreation);
  const triggers = new Map<string, Placed>();
  for (const entry of enabled) place(entry, triggers);
  const gathers = Array.from(triggers.values()).some(({ trigger }) => gathersInputs(trigger));
  return { automations: enabled.map(({ automation }) => automation), triggers, gathers };
}

const byCreation = (a: Revised, b: Revised): number =>
  a.automation.created - b.automation.created || (a.automation.id < b.automation.id ? -1 : 1);

function place({ automation, revision }: Revised, into: Map<string, Placed>): void {
  const rootId = automation.trigger.id;
  const armed = automation.armed === undefined ? [] : [automation.armed];
  const visit = (trigger: Trigger, parent: Placed["parent"]): void => {
    const position = into.size;
    into.set(trigger.id, {
      trigger,
      automation,
      revision,
      position,
      parent,
      rootId,
      meaning: deriveId(meaningOf(trigger), ...armed),
    });
    if (isComposite(trigger)) {
      trigger.triggers.forEach((child, i) => {
        visit(child, { id: trigger.id, child: i });
      });
    }
  };
  visit(automation.trigger, null);
}

/** `--explain AUTOMATION[/TRIGGER]`: which trigger is meant. */

import type { Automation } from "../../../core/model/automation.ts";
import { type AutomationTable, type Placed, tableOf } from "../../../core/model/automation-table.ts";
import { isComposite, type Trigger } from "../../../core/model/trigger.ts";

/** A trigger by the words that select it. */
interface Choice {
  /** `AUTOMATION`, or `AUTOMATION/0/1` for the second child of the first child. */
  readonly name: string;
  readonly placed: Placed;
}

export type Selected =
  | { readonly ok: true; readonly placed: Placed; readonly name: string }
  /** Several may be meant, or none: what there is to choose from. */
  | { readonly ok: false; readonly problem: string; readonly choices: readonly string[] };

/** Without a selector, the only trigger there is. */
export function selectTrigger(automations: readonly Automation[], selector: string | null): Selected {
  const all = choicesOf(automations);
  const found = selector === null ? all : all.filter((choice) => isMeant(choice, selector));
  const [only] = found;
  if (only !== undefined && found.length === 1) return { ok: true, ...only };
  const choices = (found.length === 0 ? all : found).map(choiceText);
  if (selector === null) return { ok: false, problem: "say which trigger is to be explained", choices };
  const problem = `${found.length === 0 ? "no trigger is" : "several triggers are"} called '${selector}'`;
  return { ok: false, problem, choices };
}

function choicesOf(automations: readonly Automation[]): readonly Choice[] {
  const table: AutomationTable = tableOf(automations.map((automation) => ({ automation, revision: 0 })));
  return table.automations.flatMap((automation) => below(automation.trigger, automation.name, table));
}

function below(trigger: Trigger, name: string, table: AutomationTable): readonly Choice[] {
  const placed = table.triggers.get(trigger.id);
  if (placed === undefined) return [];
  const children = isComposite(trigger) ? trigger.triggers : [];
  return [{ name, placed }, ...children.flatMap((child, i) => below(child, `${name}/${i}`, table))];
}

/** By the names above, or with ids in the place of either part. */
function isMeant({ name, placed }: Choice, selector: string): boolean {
  const { automation, trigger } = placed;
  const path = name.slice(automation.name.length);
  const byTrigger = [automation.name, automation.id].map((whose) => `${whose}/${trigger.id}`);
  return [name, `${automation.id}${path}`, trigger.id, ...byTrigger].includes(selector);
}

function choiceText({ name, placed }: Choice): string {
  const { trigger } = placed;
  if (trigger.kind !== "event") return `${name}  (${trigger.kind})`;
  const { posture, expect, after } = trigger;
  const names = [...after.map((one) => `after ${one}`), ...expect.map((one) => `expect ${one}`)];
  return `${name}  (${posture}${names.length === 0 ? "" : `: ${names.join(", ")}`})`;
}

/** `tripline automations list`: which automations stand, and what each waits for. */
import { type AutomationView } from "../../sdk/sdk.ts";
import { jsonText, type Out, short, table } from "../out.ts";
import type { Settings } from "../settings.ts";
import { clientOf } from "./client.ts";

export async function listAutomations(
  settings: Settings,
  out: Out,
  options: { readonly json?: boolean },
): Promise<void> {
  const client = clientOf(settings);
  const automations = await client.automations();
  if (options.json === true) out.print(jsonText(automations));
  else if (automations.length === 0) out.print("There are no automations.");
  else out.print(table(["NAME", "ENABLED", "TRIGGER", "ACTIONS", "ID"], automations.map(row)));
}

const row = ({ name, enabled, trigger, actions, id }: AutomationView): string[] => [
  name,
  enabled ? "yes" : "no",
  short(triggerText(trigger), 60),
  actions.map((action) => textOf(action["type"])).join(", "),
  id,
];

function triggerText(trigger: AutomationView["trigger"]): string {
  const children = trigger["triggers"];
  if (Array.isArray(children)) return `${textOf(trigger["type"])} of ${children.length}`;
  const expect = trigger["expect"];
  const expected = Array.isArray(expect) && expect.length > 0 ? expect.map(textOf).join(", ") : "any event";
  return trigger["posture"] === "Proactive" ? `absence of ${expected}` : expected;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

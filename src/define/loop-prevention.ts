/** Automations that would start the runs that start them are refused, where Prefect refuses them (triggers-spec 6.2). */
import type { Automation } from "../core/model/automation.ts";
import type { EventTrigger, ResourceSpec } from "../core/model/trigger.ts";

const EVERY_RUN = new Set([
  "prefect.flow-run.Scheduled",
  "prefect.flow-run.Pending",
  "prefect.flow-run.Running",
  "prefect.flow-run.*",
]);

const INFERRED =
  "Running an inferred deployment from a flow run state change event will lead to an infinite loop of flow runs.  " +
  "Please choose a specific deployment and add additional filtering labels to the match or match_related for this " +
  "automation's trigger.";
const SELECTED =
  "Running a selected deployment from a flow run state change event may lead to an infinite loop of flow runs.  " +
  "Please include additional filtering labels on either match or match_related to narrow down which flow runs will " +
  "trigger this automation to exclude flow runs from the deployment you've selected.";

/** Why an automation must not be: a sentence, or null. */
export function loopFault({ enabled, trigger, actions }: Automation): string | null {
  if (!enabled || trigger.kind !== "event" || trigger.posture !== "Reactive") return null;
  if (!trigger.expect.some((name) => EVERY_RUN.has(name))) return null;
  const runs = actions.filter((action) => action.kind === "run-deployment");
  if (runs.some(({ source }) => source === "inferred")) return INFERRED;
  return runs.length > 0 && takesEveryRun(trigger) ? SELECTED : null;
}

function takesEveryRun({ match, matchRelated }: EventTrigger): boolean {
  const related: readonly ResourceSpec[] = isList(matchRelated) ? matchRelated : [matchRelated];
  return isWide(match) && related.some(isWide);
}

const isList = (spec: EventTrigger["matchRelated"]): spec is readonly ResourceSpec[] => Array.isArray(spec);

/** Asks for nothing, or for any flow run. */
function isWide(spec: ResourceSpec): boolean {
  const labels = Object.keys(spec);
  if (labels.length === 0) return true;
  const patterns = [spec["prefect.resource.id"] ?? []].flat();
  return labels.length === 1 && patterns.length === 1 && patterns[0] === "prefect.flow-run.*";
}

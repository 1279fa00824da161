/** What each action of a firing comes to: which run, with which parameters, or why not (semantics.md, section 8). */
import type { Action, RunDeployment } from "../model/action.ts";
import type { Automation } from "../model/automation.ts";
import type { Event } from "../model/event.ts";
import type { Firing } from "../model/firing.ts";
import { isUuid } from "../model/id.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { labelOf, RESOURCE_ID } from "../model/labels.ts";
import { type Duration, type Instant, plus } from "../model/time.ts";
import type { World } from "../processor.ts";
import { Budget, TemplateError } from "./jinja/jinja.ts";
import { renderParameters } from "./parameters.ts";
import { firstOfKind, namesOf } from "./scope.ts";
import { stateChange } from "./state-events.ts";

export interface RunToSchedule {
  readonly deploymentId: string;
  /** As rendered, laid over the deployment's own. */
  readonly parameters: JsonObject;
  readonly jobVariables: JsonObject | null;
  readonly scheduleAfter: Duration;
  /** `triggered` and the delay; live, the delay counts from the command's own timestamp (design.md, section 5). */
  readonly scheduledTime: Instant;
  readonly idempotencyKey: string;
}

interface Numbered {
  /** Counts through all lists of actions that run. */
  readonly index: number;
  /** As on the wire: `run-deployment`, `do-nothing`, … */
  readonly type: string;
}

export type ActionOutcome = Numbered &
  (
    | { readonly outcome: "executed"; readonly run: RunToSchedule }
    /** Nothing to schedule: done with, or (`isPerformed` false) decided but not done by Tripline. */
    | {
        readonly outcome: "executed";
        readonly run: null;
        readonly deploymentId: string | null;
        readonly isPerformed: boolean;
      }
    | { readonly outcome: "failed"; readonly deploymentId: string | null; readonly reason: string }
  );

/** The part of the world that actions look at. */
interface Around extends Pick<World, "deployments" | "variables"> {
  /** Where Prefect's pages are, for the links of templates. */
  readonly uiUrl?: string | null;
}

/** The actions that a firing runs, each with what it comes to, in order. */
export function actionOutcomes(
  firing: Firing,
  automation: Automation,
  world: Around,
): readonly ActionOutcome[] {
  return actionsOf(firing, automation).map(({ action, seesChange }, i) => {
    // What runs on a state change sees that change; plain actions see what was paid with.
    const event = seesChange ? stateChange(firing, automation) : firing.event;
    const offset = firing.state === "Resolved" ? automation.actions.length : 0;
    return outcomeOf({ action, index: i + offset, firing, automation, event }, world);
  });
}

function actionsOf(
  { state }: Firing,
  automation: Automation,
): readonly { readonly action: Action; readonly seesChange: boolean }[] {
  const seeing = (actions: readonly Action[]) => actions.map((action) => ({ action, seesChange: true }));
  if (state === "Resolved") return seeing(automation.actionsOnResolve);
  const plain = automation.actions.map((action) => ({ action, seesChange: false }));
  return [...plain, ...seeing(automation.actionsOnTrigger)];
}

interface Due {
  readonly action: Action;
  readonly index: number;
  readonly firing: Firing;
  readonly automation: Automation;
  readonly event: Event | null;
}

function outcomeOf(due: Due, world: Around): ActionOutcome {
  const { action, index, event } = due;
  if (action.kind === "run-deployment") return runOutcome(due, action, world);
  const { type, body } = action;
  if (!type.endsWith("-deployment")) {
    const isPerformed = type === "do-nothing";
    return { index, type, outcome: "executed", run: null, deploymentId: null, isPerformed };
  }
  const found = deploymentFor(body["source"], body["deployment_id"], event);
  if ("reason" in found) return { index, type, outcome: "failed", deploymentId: null, ...found };
  return { index, type, outcome: "executed", run: null, deploymentId: found.id, isPerformed: false };
}

/** As Prefect's server has it (triggers-spec 4.2): a run with more would be refused there. */
const PARAMETERS_MAX = 524_288;

function runOutcome(due: Due, action: RunDeployment, world: Around): ActionOutcome {
  const { index, firing, automation, event } = due;
  const numbered = { index, type: action.kind };
  const found = deploymentFor(action.source, action.deploymentId, event);
  if ("reason" in found) return { ...numbered, outcome: "failed", deploymentId: null, ...found };
  const deployment = world.deployments.get(found.id);
  const { variables, uiUrl = null } = world;
  const rendering = {
    names: namesOf({ firing, automation, event, variables, uiUrl }),
    budget: new Budget(),
    variables,
  };
  try {
    const given = renderParameters(action.parameters ?? {}, deployment?.parameterSchema ?? null, rendering);
    const parameters = { ...deployment?.parameters, ...given };
    const size = JSON.stringify(parameters).length;
    if (size > PARAMETERS_MAX) {
      throw new TemplateError(
        `its parameters may be ${PARAMETERS_MAX} characters of JSON; these are ${size}`,
      );
    }
    const run: RunToSchedule = {
      deploymentId: found.id,
      parameters,
      jobVariables: action.jobVariables,
      scheduleAfter: action.scheduleAfter,
      scheduledTime: plus(firing.triggered, action.scheduleAfter),
      idempotencyKey: `automation ${automation.id}, action ${index}, invocation ${firing.id}`,
    };
    return { ...numbered, outcome: "executed", run };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const reason = `Unable to create flow run from deployment: ${error.message}`;
    return { ...numbered, outcome: "failed", deploymentId: found.id, reason };
  }
}

const DEPLOYMENT = "prefect.deployment";

/** The deployment chosen, or the first one the event names; if that one's id is no UUID none further on is looked at. */
function deploymentFor(
  source: Json | undefined,
  chosen: Json | undefined,
  event: Event | null,
): { readonly id: string } | { readonly reason: string } {
  if (source !== "inferred") {
    return typeof chosen === "string" ? { id: chosen } : { reason: "No deployment was selected" };
  }
  if (event === null) return { reason: "No event to infer the deployment" };
  const labels = firstOfKind(event, DEPLOYMENT);
  const id = labelOf(labels ?? {}, RESOURCE_ID)?.slice(DEPLOYMENT.length + 1) ?? "";
  return isUuid(id) ? { id } : { reason: "No deployment could be inferred" };
}

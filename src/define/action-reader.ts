/** Actions as people and programs write them → actions, and back (triggers-spec 4.1, 4.2). */
import { checkParameters } from "../core/act/act.ts";
import type { Action, OtherAction, RunDeployment } from "../core/model/action.ts";
import type { Json, JsonObject } from "../core/model/json.ts";
import { type Duration, seconds, toSeconds } from "../core/model/time.ts";
import {
  type Faults,
  type Fields,
  fieldsOf,
  oneOf,
  orNull,
  type Read,
  readFlag,
  readObject,
  readSpan,
  readText,
  readUuid,
} from "./reader.ts";

/** Which faults of templates are told in one sentence for all parameters, as Prefect's server does. */
export interface ActionWriting {
  readonly dialect: "api" | "file";
  /** Stored actions were checked when they were written. */
  readonly checksTemplates: boolean;
}

export const readAction =
  (writing: ActionWriting): Read<Action> =>
  (value, at, faults) => {
    const outside = fieldsOf(value, at, faults);
    const type = outside === null ? null : typeOf(outside, faults);
    if (type === null) return { kind: "other", type: "do-nothing", body: {} };
    const place = writing.dialect === "api" ? [...at, pascal(type)] : at;
    const fields = fieldsOf(value, place, faults) ?? outside;
    if (fields === null || type !== "run-deployment") return otherAction(type, fields, { value, faults });
    const { source, id } = readTarget(fields, "deployment_id", faults);
    return { kind: "run-deployment", source, deploymentId: id, ...readRun(fields, writing) };
  };

const pascal = (type: string): string =>
  type
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");

/** What a run is given: for a run-deployment action, and for a trigger of a deployment. */
export function readRun(
  fields: Fields,
  writing: ActionWriting,
): Pick<RunDeployment, "parameters" | "jobVariables" | "scheduleAfter"> {
  return {
    parameters: fields.optional("parameters", orNull(parametersOf(writing)), null),
    jobVariables: fields.optional("job_variables", orNull(readObject), null),
    scheduleAfter: fields.optional("schedule_after", readDelay, seconds(0)),
  };
}

const readDelay: Read<Duration> = (value, at, faults) => {
  const delay = readSpan(value, at, faults);
  if (delay < 0) faults.rule(at, "schedule_after must be non-negative", value);
  return delay;
};

const parametersOf =
  ({ dialect, checksTemplates }: ActionWriting): Read<JsonObject> =>
  (value, at, faults) => {
    const parameters = readObject(value, at, faults);
    const found = checksTemplates ? checkParameters(parameters) : [];
    if (dialect === "file") for (const one of found) faults.rule([...at, ...one.at], one.message);
    else if (found.length > 0) {
      const lines = found.map((one) => (one.at.length === 0 ? "" : `${one.at.join(".")}: `) + one.message);
      faults.rule(at, `Invalid parameters: \n${lines.join("\n  ")}`, value);
    }
    return parameters;
  };

/** What an action does something to: one that is named, or one that the event tells. */
function readTarget(
  fields: Fields,
  idName: string,
  faults: Faults,
): { readonly source: "selected" | "inferred"; readonly id: string | null } {
  const source = fields.optional("source", oneOf(["selected", "inferred"]), "selected");
  const id = fields.optional(idName, orNull(readUuid), null);
  const at = fields.place(idName);
  if (source === "selected" && id === null) faults.rule(at, `${idName} is required`);
  if (source === "inferred" && id !== null) faults.rule(at, `${idName} is not allowed`, id);
  return { source, id };
}

const STATES = [
  "SCHEDULED",
  "PENDING",
  "RUNNING",
  "COMPLETED",
  "FAILED",
  "CANCELLED",
  "CRASHED",
  "PAUSED",
  "CANCELLING",
] as const;

type ReadBody = (fields: Fields, faults: Faults) => JsonObject;

const noFields: ReadBody = () => ({});

const withTarget =
  (idName: string): ReadBody =>
  (fields, faults) => {
    const { source, id } = readTarget(fields, idName, faults);
    return { source, [idName]: id };
  };

/** An object as payload is kept as its text. */
const readPayload: Read<string> = (value, at, faults) =>
  typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : readText(value, at, faults);

/** Every action but run-deployment, with how its fields are read; null for those kept as they are (Prefect Cloud's). */
const OTHERS: ReadonlyMap<string, ReadBody | null> = new Map<string, ReadBody | null>([
  ["do-nothing", noFields],
  ["pause-deployment", withTarget("deployment_id")],
  ["resume-deployment", withTarget("deployment_id")],
  ["cancel-flow-run", noFields],
  ["suspend-flow-run", noFields],
  ["resume-flow-run", noFields],
  ["delete-flow-run", noFields],
  [
    "change-flow-run-state",
    (fields) => ({
      name: fields.optional("name", orNull(readText), null),
      state: fields.required("state", oneOf(STATES), "FAILED"),
      message: fields.optional("message", orNull(readText), null),
      force: fields.optional("force", readFlag, false),
    }),
  ],
  ["pause-work-pool", withTarget("work_pool_id")],
  ["resume-work-pool", withTarget("work_pool_id")],
  ["pause-work-queue", withTarget("work_queue_id")],
  ["resume-work-queue", withTarget("work_queue_id")],
  ["pause-automation", withTarget("automation_id")],
  ["resume-automation", withTarget("automation_id")],
  [
    "send-notification",
    (fields) => ({
      block_document_id: fields.required("block_document_id", readUuid, ""),
      subject: fields.optional("subject", readText, "Prefect automated notification"),
      body: fields.required("body", readText, ""),
    }),
  ],
  [
    "call-webhook",
    (fields) => ({
      block_document_id: fields.required("block_document_id", readUuid, ""),
      payload: fields.optional("payload", readPayload, ""),
    }),
  ],
  ["declare-incident", null],
  ["send-email-notification", null],
  ["pause-schedule-for-flow-run", null],
  ["resume-schedule-for-flow-run", null],
]);

function otherAction(
  type: string,
  fields: Fields | null,
  { value, faults }: { readonly value: Json; readonly faults: Faults },
): OtherAction {
  const read = OTHERS.get(type);
  if (fields === null) return { kind: "other", type, body: {} };
  if (read !== null && read !== undefined) return { kind: "other", type, body: read(fields, faults) };
  const { type: _, ...body } = readObject(value, [], faults);
  return { kind: "other", type, body };
}

/** Fields that tell which action is meant where it does not say. */
const TELLING: readonly (readonly [field: string, type: string])[] = [
  ["deployment_id", "run-deployment"],
  ["parameters", "run-deployment"],
  ["job_variables", "run-deployment"],
  ["schedule_after", "run-deployment"],
  ["work_pool_id", "pause-work-pool"],
  ["work_queue_id", "pause-work-queue"],
  ["automation_id", "pause-automation"],
  ["state", "change-flow-run-state"],
  ["body", "send-notification"],
  ["block_document_id", "call-webhook"],
];

function typeOf(fields: Fields, faults: Faults): string | null {
  const type = fields.value("type");
  if (type === undefined) {
    const told = TELLING.find(([field]) => fields.value(field) !== undefined);
    return told?.[1] ?? "do-nothing";
  }
  if (typeof type === "string" && (type === "run-deployment" || OTHERS.has(type))) return type;
  const expected = ["run-deployment", ...OTHERS.keys()].map((one) => `'${one}'`).join(", ");
  faults.add(fields.place("type"), "literal_error", `Input should be one of ${expected}`, type);
  return null;
}

/** An action on the wire, every default written out. */
export function actionToJson(action: Action): JsonObject {
  if (action.kind === "other") return { type: action.type, ...action.body };
  return {
    type: "run-deployment",
    source: action.source,
    deployment_id: action.deploymentId,
    parameters: action.parameters,
    job_variables: action.jobVariables,
    schedule_after: toSeconds(action.scheduleAfter),
  };
}

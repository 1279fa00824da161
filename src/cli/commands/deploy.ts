/** `tripline deploy`: what a prefect.yaml defines, with its triggers, to a running Tripline. */
import { type Fault, formatFault } from "../../core/model/fault.ts";
import type { Json } from "../../core/model/json.ts";
import {
  applyBody,
  prefectFile,
  prefectFileWarnings,
  triggerArgument,
  triggerWarnings,
} from "../../define/define.ts";
import { type AppliedDeployment } from "../../sdk/sdk.ts";
import { jsonText, type Out, printable } from "../out.ts";
import { readTextFile, reasonOf } from "../reasons.ts";
import type { Settings } from "../settings.ts";
import { clientOf } from "./client.ts";

export interface DeployOptions {
  readonly all?: boolean;
  /** Deployments by `name` or `flow/name`. */
  readonly name: readonly string[];
  readonly prefectFile: string;
  /** JSON texts, or paths of .yaml and .json files; they take the place of the file's own triggers. */
  readonly trigger: readonly string[];
  readonly json?: boolean;
}

export async function deploy(settings: Settings, out: Out, options: DeployOptions): Promise<void> {
  if (options.all === true && options.name.length > 0) {
    out.fail("--all and -n exclude each other: take every deployment, or name some", 2);
    return;
  }
  const text = await read(options.prefectFile, out);
  const triggers = await readTriggers(options.trigger, out);
  if (text === null || triggers === null) return;
  const chosen = choose(text, triggers, options);
  if (!chosen.ok) {
    out.fail(chosen.message, chosen.code);
    return;
  }
  for (const warning of chosen.warnings) out.note(`warning: ${line(options.prefectFile, warning, triggers)}`);
  const applied = await clientOf(settings).apply(applyBody(chosen.definitions));
  out.print(options.json === true ? jsonText(applied) : applied.flatMap(told).join("\n"));
}

type Chosen =
  | {
      readonly ok: true;
      readonly definitions: Parameters<typeof applyBody>[0];
      readonly warnings: readonly Fault[];
    }
  | { readonly ok: false; readonly message: string; readonly code: 1 | 2 };

/** The deployments that are meant, with the triggers that they get. */
function choose(text: string, triggers: readonly Given[], options: DeployOptions): Chosen {
  const { name: names, all = false, prefectFile: path } = options;
  const isReplaced = triggers.length > 0;
  const replaced = isReplaced ? { triggers: triggers.map(({ trigger }) => trigger) } : {};
  const file = prefectFile(text, { names, all, ...replaced });
  if (!file.ok) {
    const lines = file.faults.map((fault) => line(path, fault, triggers));
    // Who does not say which deployment is meant has misused the command, not written a bad file.
    const isMisuse = file.faults.every(({ at, type }) => at.length === 1 && type === "value_error");
    return refusal([...lines, ...hints(options, file.faults)].join("\n"), isMisuse ? 2 : 1);
  }
  const definitions = file.value;
  if (definitions.length === 0) {
    return refusal(`${path}: nothing to deploy: there is no deployment in this file`, 1);
  }
  if (isReplaced && definitions.length > 1) {
    return refusal("--trigger is for one deployment: say which with -n", 2);
  }
  const warnings = isReplaced ? warningsOf(triggers) : prefectFileWarnings(text, { names, all });
  return { ok: true, definitions, warnings };
}

const refusal = (message: string, code: 1 | 2): Chosen => ({ ok: false, message, code });

async function read(path: string, out: Out): Promise<string | null> {
  try {
    return await readTextFile(path);
  } catch (error) {
    out.fail(`${path}: ${reasonOf(error)}`);
    return null;
  }
}

/** The triggers of every `--trigger`; null where one cannot be read, which has been told then. */
async function readTriggers(args: readonly string[], out: Out): Promise<readonly Given[] | null> {
  const triggers: Given[] = [];
  for (const arg of args) {
    const isFile = /\.(yaml|json)$/.test(arg);
    const text = isFile ? await read(arg, out) : arg;
    if (text === null) return null;
    const found = triggerArgument(text, isFile);
    if (!found.ok) {
      const source = isFile ? arg : "--trigger";
      out.fail(found.faults.map((fault) => line(source, fault)).join("\n"), isFile ? 1 : 2);
      return null;
    }
    if (found.value.length === 0) out.note(`warning: ${arg}: there are no \`triggers\` in this file`);
    const given = found.value.map((trigger, i) =>
      isFile ? { trigger, source: arg, at: ["triggers", i] } : { trigger, source: "--trigger", at: [] },
    );
    triggers.push(...given);
  }
  return triggers;
}

/** A trigger of the command line, and where it stands there. */
interface Given {
  readonly trigger: Json;
  readonly source: string;
  readonly at: Fault["at"];
}

/** A fault with its file: that of the trigger, where that came from elsewhere. */
function line(path: string, fault: Fault, triggers: readonly Given[] = []): string {
  const [, , field, k] = fault.at;
  const given = field === "triggers" && typeof k === "number" ? triggers[k] : undefined;
  if (given === undefined) return `${path}: ${formatFault(fault)}`;
  return `${given.source}: ${formatFault({ ...fault, at: [...given.at, ...fault.at.slice(4)] })}`;
}

/** In places as if they stood in a deployment, as faults have them. */
const warningsOf = (triggers: readonly Given[]): readonly Fault[] =>
  triggerWarnings(
    triggers.map(({ trigger }) => trigger),
    ["deployments", 0, "triggers"],
  );

/** Where the file leaves open which deployment is meant. */
function hints({ all, name }: DeployOptions, faults: readonly Fault[]): string[] {
  const isOpen = all !== true && name.length === 0 && faults.some(({ at }) => at.length === 1);
  return isOpen ? ["Choose with -n NAME (may be given several times), or take --all."] : [];
}

const told = ({ flow_name, name, status, automations }: AppliedDeployment): string[] => [
  printable(`deployment ${flow_name}/${name}: ${status}`),
  ...automations.map((automation) => `  ${printable(`automation ${automation.name}: ${automation.status}`)}`),
];

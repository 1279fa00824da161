/** `tripline deploy`: what a prefect.yaml defines, with its triggers, to a running Tripline. */
import { readFile } from "node:fs/promises";
import { type Fault, formatFault } from "../../core/model/fault.ts";
import type { Json } from "../../core/model/json.ts";
import { applyBody, prefectFile, triggerArgument } from "../../define/define.ts";
import { type AppliedDeployment, createClient } from "../../sdk/sdk.ts";
import { jsonText, type Out, printable } from "../out.ts";
import type { Settings } from "../settings.ts";

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
  const text = await read(options.prefectFile, out);
  const triggers = await readTriggers(options.trigger, out);
  if (text === null || triggers === null) return;
  const { name: names, all = false, prefectFile: path } = options;
  const file = prefectFile(text, { names, all, ...(triggers.length > 0 && { triggers }) });
  if (!file.ok) {
    out.fail([...lines(path, file.faults), ...hints(options, file.faults)].join("\n"));
    return;
  }
  if (triggers.length > 0 && file.value.length > 1) {
    out.fail("--trigger is for one deployment: say which with -n", 2);
    return;
  }
  const client = createClient({ url: settings.apiUrl, auth: settings.apiAuth });
  const applied = await client.apply(applyBody(file.value));
  out.print(options.json === true ? jsonText(applied) : applied.flatMap(told).join("\n"));
}

async function read(path: string, out: Out): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    out.fail(`${path}: ${isMissing ? "there is no such file" : String(error)}`);
    return null;
  }
}

/** The triggers of every `--trigger`; null where one cannot be read, which has been told then. */
async function readTriggers(args: readonly string[], out: Out): Promise<readonly Json[] | null> {
  const triggers: Json[] = [];
  for (const arg of args) {
    const isFile = /\.(yaml|json)$/.test(arg);
    const text = isFile ? await read(arg, out) : arg;
    if (text === null) return null;
    const found = triggerArgument(text, isFile);
    if (!found.ok) {
      out.fail(lines(isFile ? arg : "--trigger", found.faults).join("\n"));
      return null;
    }
    triggers.push(...found.value);
  }
  return triggers;
}

const lines = (place: string, faults: readonly Fault[]): string[] =>
  faults.map((fault) => `${place}: ${formatFault(fault)}`);

/** Where the file leaves open which deployment is meant. */
function hints({ all, name }: DeployOptions, faults: readonly Fault[]): string[] {
  const isOpen = all !== true && name.length === 0 && faults.some(({ at }) => at.length === 1);
  return isOpen ? ["Choose with -n NAME (may be given several times), or take --all."] : [];
}

const told = ({ flow_name, name, status, automations }: AppliedDeployment): string[] => [
  printable(`deployment ${flow_name}/${name}: ${status}`),
  ...automations.map((automation) => `  ${printable(`automation ${automation.name}: ${automation.status}`)}`),
];

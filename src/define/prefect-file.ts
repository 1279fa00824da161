/** prefect.yaml, and the values of `--trigger` → definitions (triggers-spec 5.3). */
import { isAlias, type LineCounter, LineCounter as Lines, parseDocument, visit } from "yaml";
import { nestsDeeper } from "../core/model/event-reader.ts";
import { bad, type Fault, good, type Result } from "../core/model/fault.ts";
import { isJsonObject, type Json } from "../core/model/json.ts";
import { type DeploymentDefinition, deploymentId, type Form, readDeployment } from "./deployment-reader.ts";
import { inPlainWords } from "./plain-words.ts";
import { Faults, type Fields, fieldsOf, orNull, type Place, readList, readText } from "./reader.ts";
import { triggerWarnings } from "./warnings.ts";

export interface PrefectFileOptions {
  /** The deployments that are meant, as `name` or `flow/name`. */
  readonly names?: readonly string[];
  /** All there are. Without either, the file must have one. */
  readonly all?: boolean;
  /** Triggers that take the place of those in the file (`--trigger`). */
  readonly triggers?: readonly Json[];
}

/** Reads the chosen deployments of a prefect.yaml; every fault at once, with its place and what was expected there. */
export function prefectFile(
  text: string,
  options: PrefectFileOptions = {},
): Result<readonly DeploymentDefinition[]> {
  const document = readYaml(text);
  if (!document.ok) return document;
  const faults = new Faults();
  const fields = topOf(document.value, faults);
  const entries = fields?.required("deployments", readList, []) ?? [];
  if (!faults.result(null).ok) return inPlainWords(faults.result([]));
  const chosen = choose(entries, options, faults);
  const definitions = chosen.map(({ entry, i }) => {
    const replaced =
      options.triggers !== undefined && isJsonObject(entry)
        ? { ...entry, triggers: options.triggers }
        : entry;
    return readDeployment(FILE)(replaced, ["deployments", i], faults);
  });
  findTwins(definitions, (k) => ["deployments", chosen[k]?.i ?? k], faults);
  return inPlainWords(faults.result(definitions));
}

/** What is worth a word about the triggers of the chosen deployments; nothing of a file that cannot be read. */
export function prefectFileWarnings(text: string, options: PrefectFileOptions = {}): readonly Fault[] {
  const document = readYaml(text);
  if (!document.ok || !isJsonObject(document.value)) return [];
  const entries = readList(document.value["deployments"] ?? null, [], new Faults());
  return choose(entries, options, new Faults()).flatMap(({ entry, i }) =>
    isJsonObject(entry) ? triggerWarnings(entry["triggers"], ["deployments", i, "triggers"]) : [],
  );
}

function topOf(value: Json, faults: Faults): Fields | null {
  if (isJsonObject(value)) return fieldsOf(value, [], faults);
  const found = Array.isArray(value) ? "a list" : "a text or a number";
  const message = `expected a mapping with \`deployments:\`; found ${found}`;
  faults.rule([], value === null ? "the file is empty" : message);
  return null;
}

function findTwins(
  definitions: readonly DeploymentDefinition[],
  placeOf: (k: number) => Place,
  faults: Faults,
): void {
  const seen = new Map<string, Place>();
  definitions.forEach((definition, k) => {
    const { name, flowName } = definition;
    if (name === "" || flowName === "") return;
    const id = deploymentId(definition);
    const [, first] = seen.get(id) ?? [];
    if (first === undefined) seen.set(id, placeOf(k));
    else faults.rule([...placeOf(k), "name"], `${flowName}/${name} is deployments[${first}] already`, name);
  });
}

/** The triggers of one `--trigger`: of a file its `triggers`, otherwise one trigger as JSON. */
export function triggerArgument(text: string, isFile: boolean): Result<readonly Json[]> {
  const read = readYaml(text);
  if (!read.ok) return read;
  if (!isFile) return good([read.value]);
  const faults = new Faults();
  if (read.value === null) return good([]);
  const triggers = fieldsOf(read.value, [], faults)?.optional("triggers", orNull(readList), []) ?? [];
  return inPlainWords(faults.result(triggers));
}

const FILE: Form = {
  flowName: (fields, entrypoint, faults) => {
    const given = fields.optional("flow_name", orNull(readText), null);
    if (given !== null) return given;
    if (entrypoint !== null) return flowNameOf(entrypoint, fields, faults);
    const expected = "Field required, as path/to/flow.py:function: the flow takes its name from the function";
    faults.add(fields.place("entrypoint"), "missing", expected);
    return "";
  },
  workPool: (fields) =>
    fields.optional(
      "work_pool",
      orNull(
        (value, at, faults) => fieldsOf(value, at, faults)?.optional("name", orNull(readText), null) ?? null,
      ),
      null,
    ),
};

/** Prefect names a flow after its function, with dashes. */
function flowNameOf(entrypoint: string, fields: Fields, faults: Faults): string {
  const name = /(?:\.py:(?:\w+\.)*|^(?:\w+[.:])+)(\w+)$/.exec(entrypoint)?.[1];
  if (name === undefined) {
    const message = "Input should name a function, as path/to/flow.py:function";
    faults.add(fields.place("entrypoint"), "value_error", message, entrypoint);
  }
  return (name ?? "").replaceAll("_", "-");
}

interface Chosen {
  readonly entry: Json;
  readonly i: number;
}

function choose(
  entries: readonly Json[],
  { names = [], all = false }: PrefectFileOptions,
  faults: Faults,
): readonly Chosen[] {
  const everything = entries.map((entry, i) => ({ entry, i }));
  if (all || (names.length === 0 && entries.length === 1)) return everything;
  const there = entries.map(nameOf).join(", ") || "none";
  if (names.length === 0) {
    const message = `say which deployment is meant, or all of them; there are: ${there}`;
    faults.rule(["deployments"], entries.length === 0 ? "there is no deployment in this file" : message);
  }
  for (const name of names) {
    if (!everything.some(({ entry }) => isCalled(entry, name))) {
      faults.rule(["deployments"], `no deployment is named '${name}'; there are: ${there}`, name);
    }
  }
  return everything.filter(({ entry }) => names.some((name) => isCalled(entry, name)));
}

const nameOf = (entry: Json): string =>
  isJsonObject(entry) && typeof entry["name"] === "string" ? entry["name"] : "(no name)";

function isCalled(entry: Json, name: string): boolean {
  if (nameOf(entry) === name) return true;
  const silent = new Faults();
  const fields = fieldsOf(entry, [], silent);
  const entrypoint = fields?.value("entrypoint");
  if (fields === null || typeof entrypoint !== "string") return false;
  return `${FILE.flowName(fields, entrypoint, silent)}/${nameOf(entry)}` === name;
}

const FILE_CHARS_MAX = 1_000_000;
const ALIASES_MAX = 100;
const NESTING_MAX = 100;

/** YAML 1.2 with merge keys; aliases are expanded so far and no further, a key stands once. */
export function readYaml(text: string): Result<Json> {
  if (text.length > FILE_CHARS_MAX) return one(`the file is longer than ${FILE_CHARS_MAX} characters`);
  const lines = new Lines();
  const document = parseDocument(text, {
    merge: true,
    uniqueKeys: true,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
  });
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ message, pos }) => yamlFault(message, lines, pos[0]));
    // Where a parser gives up it says so at every level.
    const told = new Map(faults.map((fault) => [fault.message, fault]));
    return bad(Array.from(told.values()));
  }
  const wrong = badAlias(document);
  if (wrong !== null) return bad([yamlFault(wrong.message, lines, wrong.at)]);
  try {
    const value: Json = document.toJS({ maxAliasCount: ALIASES_MAX });
    return nestsDeeper(value, NESTING_MAX) ? one(`nested deeper than ${NESTING_MAX} levels`) : good(value);
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return one(`aliases expand to more than they may: ${error.message}`);
  }
}

interface BadAlias {
  readonly message: string;
  readonly at: number;
}

/** The first alias that stands for nothing, or within what it stands for, which no tree can hold; null if none does. */
function badAlias(document: ReturnType<typeof parseDocument>): BadAlias | null {
  let found: BadAlias | null = null;
  visit(document, {
    Alias(_, alias, path) {
      const target = alias.resolve(document);
      const isLooped = path.some((outer) => !isAlias(outer) && outer === target);
      if (target !== undefined && !isLooped) return undefined;
      const message = isLooped
        ? "an alias stands within what it stands for"
        : `there is no anchor '${alias.source}' before this`;
      found = { message, at: alias.range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return found;
}

const one = (message: string): Result<never> => bad([{ at: [], type: "value_error", message }]);

const yamlFault = (message: string, lines: LineCounter, at: number): Fault => ({
  at: [],
  type: "yaml_invalid",
  message: `line ${lines.linePos(at).line}: ${message.replace(/; please use YAML.*/, "")}`,
});

/** Whether the parts of a topology fit together: every fault at once, each with its place. */
import type { Fault } from "../core/model/fault.ts";
import type { Known, KnownProcessor, Role, Step, Topic, Topology } from "./parts.ts";

/** A step, where it stands, and what it must fit. */
interface Setting {
  readonly topology: Topology;
  readonly role: Role;
  readonly step: Step;
  readonly processor: KnownProcessor;
  readonly known: Known;
}

export function faultsOf(topology: Topology, known: Known): Fault[] {
  return [
    ...Object.values(topology.topics).flatMap((topic) => topicFaults(topic, known)),
    ...Object.values(topology.roles).flatMap((role) => roleFaults(role, topology, known)),
  ];
}

function topicFaults({ name, schema }: Topic, known: Known): Fault[] {
  if (known.schemas.includes(schema)) return [];
  return [fault(["topics", name, "schema"], `there is no schema '${schema}'`)];
}

function roleFaults(role: Role, topology: Topology, known: Known): Fault[] {
  const inSteps = role.steps.flatMap((step) => {
    const at = ["roles", role.name, step.name];
    const processor = Object.hasOwn(known.processors, step.name) ? known.processors[step.name] : undefined;
    const nameFaults = Object.hasOwn(topology.topics, step.name)
      ? [fault(at, `'${step.name}' is a topic too; whoever reads it could mean either`)]
      : [];
    if (processor === undefined) return [...nameFaults, fault(at, `there is no processor '${step.name}'`)];
    const setting = { topology, role, step, processor, known };
    const faults = [fromFaults, viaFaults, tableFaults, toFaults, stateFaults].flatMap((check) =>
      check(setting),
    );
    return [...nameFaults, ...faults.map((message) => fault(at, message))];
  });
  return [
    ...changelogFaults(role, topology),
    ...storeFaults(role),
    ...inSteps,
    ...partitionFaults(role, topology),
  ];
}

function fromFaults({ topology, role, step, processor, known }: Setting): string[] {
  const { reads } = processor;
  const nothing = step.from.length === 0 ? ["reads from nothing"] : [];
  const faults = step.from.map((from) => {
    const topic = topicNamed(topology, from);
    if (topic !== null)
      return reads.includes(topic.schema)
        ? null
        : `reads ${anyOf(reads)}, but '${from}' carries ${topic.schema}`;
    if (!role.steps.some(({ name }) => name === from))
      return `reads from '${from}', but there is no such topic, nor such a step in this role`;
    const sends = known.processors[from]?.sends ?? reads;
    return sends.some((sent) => reads.includes(sent))
      ? null
      : `reads ${anyOf(reads)}, but '${from}' sends ${anyOf(sends)}`;
  });
  return [
    ...nothing,
    ...faults.filter((one) => one !== null),
    ...twice("from", step.from),
    ...circle(step, role),
  ];
}

/** Says so where a step, by way of others, reads from itself. */
function circle(step: Step, role: Role): string[] {
  const wayBack = (name: string, seen: readonly string[]): readonly string[] | null => {
    const from = role.steps.find((other) => other.name === name)?.from ?? [];
    if (from.includes(step.name)) return seen;
    const others = from.filter((other) => !seen.includes(other));
    return others.reduce<readonly string[] | null>(
      (way, other) => way ?? wayBack(other, [...seen, other]),
      null,
    );
  };
  const way = wayBack(step.name, []);
  if (way === null) return [];
  return [
    way.length === 0 ? "reads from itself" : `reads from itself, by way of ${way.map(quoted).join(", ")}`,
  ];
}

/** What travels between tasks: the records a step reads, and watermarks in between. */
const travelling = (schema: string): string => `travelling-${schema}`;

function viaFaults({ topology, step, processor }: Setting): string[] {
  const { via, rekey } = step;
  if (via === null)
    return rekey === null
      ? []
      : ["is keyed anew, but has no 'via' by which inputs travel to where the key lives"];
  const topic = topicNamed(topology, via);
  if (topic === null) return [`inputs travel via '${via}', but there is no such topic`];
  const faults = [];
  if (!topic.internal) faults.push(`inputs travel via '${via}', which is not internal`);
  if (!processor.reads.map(travelling).includes(topic.schema)) {
    faults.push(
      `reads ${anyOf(processor.reads)}, but '${via}' carries ${topic.schema}, not ${anyOf(processor.reads.map(travelling))}`,
    );
  }
  if (rekey !== topic.key) faults.push(`is keyed by ${rekey ?? "nothing new"}, but '${via}' by ${topic.key}`);
  return faults;
}

function tableFaults({ topology, step }: Setting): string[] {
  const faults = step.tables.map((table) => {
    const topic = topicNamed(topology, table);
    if (topic === null) return `has the table '${table}', but there is no such topic`;
    return topic.keep === "latest"
      ? null
      : `has the table '${table}', but a table must keep the latest of each key`;
  });
  return [...faults.filter((one) => one !== null), ...twice("table", step.tables)];
}

function toFaults({ topology, step, processor }: Setting): string[] {
  const { sends } = processor;
  const faults = step.to.map((to) => {
    const topic = topicNamed(topology, to);
    if (topic === null) return `writes to '${to}', but there is no such topic`;
    if (topic.internal) return `writes to '${to}', which is internal`;
    return sends.includes(topic.schema) ? null : `sends ${anyOf(sends)}, but '${to}' carries ${topic.schema}`;
  });
  return [...faults.filter((one) => one !== null), ...twice("to", step.to)];
}

function stateFaults({ role, step, processor }: Setting): string[] {
  if (processor.keepsState && step.store === null) return ["keeps state, but has no store"];
  if (step.store === null) return [];
  if (!processor.keepsState) return [`has the store '${step.store}', but keeps no state`];
  return role.changelog === null ? [`has the store '${step.store}', but its role has no changelog`] : [];
}

function storeFaults({ name, steps }: Role): Fault[] {
  const stores = steps.flatMap(({ store }) => (store === null ? [] : [store]));
  return twice("store", stores).map((message) => fault(["roles", name], message));
}

/** What a changelog of its own carries; a role may also have its own input for a changelog. */
const ENTRY = "stores/entry";

function changelogFaults({ name, changelog, steps }: Role, topology: Topology): Fault[] {
  if (changelog === null) return [];
  const at = ["roles", name, "changelog"];
  const topic = topicNamed(topology, changelog);
  if (topic === null) return [fault(at, `there is no topic '${changelog}'`)];
  const faults = [];
  if (topic.keep !== "latest") faults.push(fault(at, `'${changelog}' must keep the latest of each key`));
  const isInput = steps.some(({ from }) => from.includes(changelog));
  if (!isInput && topic.schema !== ENTRY)
    faults.push(fault(at, `'${changelog}' carries ${topic.schema}, not ${ENTRY}`));
  if (!isInput && !topic.internal) faults.push(fault(at, `'${changelog}' is not internal`));
  return faults;
}

/** One task has one number of all topics that it keeps state for: there must be as many of each. */
function partitionFaults({ name, changelog, steps }: Role, topology: Topology): Fault[] {
  if (changelog === null) return [];
  const inputs = steps.flatMap(({ from, via }) => (via === null ? from : [...from, via]));
  const topics = [...new Set([...inputs, changelog])].map((topic) => topicNamed(topology, topic));
  const present = topics.filter((topic) => topic !== null);
  if (new Set(present.map(({ partitions }) => partitions)).size <= 1) return [];
  const counts = present.map((topic) => `'${topic.name}' has ${topic.partitions}`).join(", ");
  return [fault(["roles", name], `its topics must have the same number of partitions, but ${counts}`)];
}

const fault = (at: readonly string[], message: string): Fault => ({ at, type: "value_error", message });
const quoted = (name: string): string => `'${name}'`;
const anyOf = (schemas: readonly string[]): string =>
  schemas.length === 0 ? "nothing" : schemas.join(" or ");

function topicNamed({ topics }: Topology, name: string): Topic | null {
  return Object.hasOwn(topics, name) ? (topics[name] ?? null) : null;
}

function twice(what: string, names: readonly string[]): string[] {
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return Array.from(repeated, (name) => `names '${name}' twice in '${what}'`);
}

/** A topology as text for people: on one screen, and as a Mermaid diagram. */
import type { Role, Step, Topic, Topology } from "./parts.ts";

/** What `tripline describe` prints: the topics, then each role as a flow. */
export function describe({ name, about, topics, roles }: Topology): string {
  const rows = Object.values(topics).map(topicRow);
  const lines = [
    `${name}: ${about}`,
    "",
    ...aligned([["topic", "carries", "key", "partitions", "keeps", "as"], ...rows]),
    ...Object.values(roles).flatMap((role) => ["", ...roleLines(role)]),
  ];
  return `${lines.join("\n")}\n`;
}

const topicRow = ({ name, schema, key, partitions, keep, internal, format }: Topic): string[] => [
  name,
  schema,
  key,
  String(partitions),
  keep === "latest" ? keep : timeText(keep.ms),
  internal ? `${format}, internal` : format,
];

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const;

function timeText(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms % size === 0) ?? UNITS[2];
  return `${ms / size}${unit}`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function roleLines({ name, about, changelog, steps }: Role): string[] {
  const noted = changelog === null ? "" : ` (changelog: ${changelog})`;
  const flows = aligned(steps.map((step) => [`  ${step.from.join(", ")}`, "─►", step.name, notesOn(step)]));
  return [`${name}: ${about}${noted}`, ...flows];
}

/** What else there is to a step: how inputs reach it, what it keeps and looks at, where it writes. */
function notesOn({ rekey, via, store, tables, to, edge }: Step): string {
  const notes = [
    rekey !== null && `by ${rekey}`,
    via !== null && `via ${via}`,
    store !== null && `keeps ${store}`,
    tables.length > 0 && `sees ${tables.join(", ")}`,
    edge !== null && `by ${edge}`,
  ].filter((note) => note !== false);
  const written = to.length === 0 ? [] : [`─► ${to.join(", ")}`];
  return [notes.join("; "), ...written].filter((part) => part !== "").join(" ");
}

/** The same as a Mermaid diagram: topics are rounded, steps are boxes in their role. */
export function mermaid({ topics, roles }: Topology): string {
  const lines = [
    "flowchart LR",
    ...Object.keys(topics).map((topic) => `  ${topicId(topic)}([${topic}])`),
    ...Object.values(roles).flatMap((role) => (role.steps.length === 0 ? [] : roleDiagram(role))),
  ];
  return `${lines.join("\n")}\n`;
}

function roleDiagram(role: Role): string[] {
  const idOf = (name: string): string =>
    role.steps.some((step) => step.name === name) ? stepId(role, name) : topicId(name);
  const arrows = role.steps.flatMap((step) => {
    const id = stepId(role, step.name);
    return [
      ...step.from.map((from) => `  ${idOf(from)} --> ${id}`),
      ...(step.via === null ? [] : step.from.map((from) => `  ${idOf(from)} --> ${topicId(step.via ?? "")}`)),
      ...(step.via === null ? [] : [`  ${topicId(step.via)} --> ${id}`]),
      ...step.tables.map((table) => `  ${topicId(table)} -.-> ${id}`),
      ...step.to.map((to) => `  ${id} --> ${topicId(to)}`),
      ...(step.edge === null ? [] : [`  ${id} --> edge-${step.edge}{{${step.edge}}}`]),
      ...(step.store === null || role.changelog === null ? [] : [`  ${id} -.- ${topicId(role.changelog)}`]),
    ];
  });
  const boxes = role.steps.map((step) => `    ${stepId(role, step.name)}[${step.name}]`);
  return [`  subgraph ${role.name}`, ...boxes, "  end", ...new Set(arrows)];
}

// Mermaid reserves words such as `end`; no id of ours is one.
const topicId = (topic: string): string => `topic-${topic}`;
const stepId = (role: Role, step: string): string => `${role.name}-${step}`;

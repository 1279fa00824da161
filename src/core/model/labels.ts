/** Labels: the names and values on a resource, and the rule by which a label is found on an event (triggers-spec 1.1). */

export type Labels = Readonly<Record<string, string>>;

export const RESOURCE_ID = "prefect.resource.id";
export const RESOURCE_NAME = "prefect.resource.name";
export const RESOURCE_ROLE = "prefect.resource.role";
/** On events that tell of a run's state: its type, and the name people see (triggers-spec 7.2). */
export const STATE_TYPE = "prefect.state-type";
export const STATE_NAME = "prefect.state-name";

/** The value of a label, or null; names such as `constructor` are labels like any other. */
export function labelOf(labels: Labels, name: string): string | null {
  return Object.hasOwn(labels, name) ? (labels[name] ?? null) : null;
}

/** What an event carries of labels: its own resource, and the related ones in order. */
interface Labelled {
  readonly resource: Labels;
  readonly related: readonly Labels[];
}

/**
 * Finds a label on an event. `related:ROLE:LABEL` is the label of the first related resource in that role
 * (LABEL after the last colon), null if that one lacks it; anything else, and a role nobody has, is looked up
 * literally on the primary resource (semantics.md, section 2).
 */
export function findLabel(event: Labelled, name: string): string | null {
  const split = name.lastIndexOf(":");
  if (split > 0 && name.startsWith("related:") && split > "related:".length - 1) {
    const role = name.slice("related:".length, split);
    const first = event.related.find((labels) => labelOf(labels, RESOURCE_ROLE) === role);
    if (first !== undefined) return labelOf(first, name.slice(split + 1));
  }
  return labelOf(event.resource, name);
}

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
export const findLabel = (event: Labelled, name: string): string | null => labelFinder(name)(event);

export type LabelFinder = (event: Labelled) => string | null;

/** The same for one label and many events. */
export function labelFinder(name: string): LabelFinder {
  const split = name.lastIndexOf(":");
  if (!name.startsWith("related:") || split < "related:".length)
    return ({ resource }) => labelOf(resource, name);
  const role = name.slice("related:".length, split);
  const label = name.slice(split + 1);
  return ({ resource, related }) => {
    const first = related.find((labels) => labelOf(labels, RESOURCE_ROLE) === role);
    return first === undefined ? labelOf(resource, name) : labelOf(first, label);
  };
}

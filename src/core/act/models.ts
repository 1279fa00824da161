/** What templates see of an event and what is around it, with the attributes that Prefect gives them. */
import type { Event } from "../model/event.ts";
import { eventToJson } from "../model/event-reader.ts";
import type { Json } from "../model/json.ts";
import { type Labels, labelOf, RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE } from "../model/labels.ts";
import {
  Budget,
  type Callable,
  type Dict,
  jsonOf,
  Model,
  methodOf,
  quoted,
  reprOf,
  strftime,
  TimeModel,
  textOf,
  type Value,
} from "./jinja/jinja.ts";

/** Labels by their names, whole (`labels['a.b']`) or step by step (`labels.a.b`). */
export class LabelsModel extends Model {
  readonly #labels: Labels;
  /** What has been walked so far, with its closing dot. */
  readonly #prefix: string;

  constructor(labels: Labels, prefix = "") {
    super();
    this.#labels = labels;
    this.#prefix = prefix;
  }
  json(): Json {
    return this.#own() ?? this.#labels;
  }
  text(): string {
    return this.#own() ?? "";
  }
  override attribute(name: string): Value {
    const path = this.#prefix + name;
    return prefixesOf(this.#labels).has(path)
      ? new LabelsModel(this.#labels, `${path}.`)
      : (labelOf(this.#labels, path) ?? undefined);
  }
  override item(name: string): Value {
    return labelOf(this.#labels, this.#prefix + name) ?? this.attribute(name);
  }
  override entries(): readonly (readonly [string, Value])[] {
    return Object.entries(this.#labels);
  }

  /** The label that ends here, where others go on. */
  #own(): string | null {
    return this.#prefix === "" ? null : labelOf(this.#labels, this.#prefix.slice(0, -1));
  }
}

/** Longer names can be had whole only: `labels['…']`. */
const PATH_CHARS_MAX = 300;
const PATH_STEPS_MAX = 20;

const prefixes = new WeakMap<Labels, ReadonlySet<string>>();

/** What label names begin with, up to each of their dots; found once for each resource. */
function prefixesOf(labels: Labels): ReadonlySet<string> {
  const known = prefixes.get(labels);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const name of Object.keys(labels)) {
    const steps = name.slice(0, PATH_CHARS_MAX).split(".").slice(0, PATH_STEPS_MAX);
    for (let i = 1; i < steps.length; i++) found.add(steps.slice(0, i).join("."));
  }
  prefixes.set(labels, found);
  return found;
}

/** A resource: `.id`, `.name`, `.role`, `.labels`, and every label by its own name. */
class ResourceModel extends Model {
  readonly #labels: Labels;
  readonly #kind: string;

  constructor(labels: Labels, kind: "Resource" | "RelatedResource") {
    super();
    this.#labels = labels;
    this.#kind = kind;
  }
  json(): Json {
    return this.#labels;
  }
  text(): string {
    return `root=${reprOf(this.#labels, new Budget())}`;
  }
  override repr(): string {
    return `${this.#kind}(${this.text()})`;
  }
  override resourceId(): string | null {
    return labelOf(this.#labels, RESOURCE_ID);
  }
  override attribute(name: string): Value {
    if (name === "id") return labelOf(this.#labels, RESOURCE_ID);
    if (name === "name") return labelOf(this.#labels, RESOURCE_NAME);
    if (name === "role") return labelOf(this.#labels, RESOURCE_ROLE) ?? undefined;
    if (name === "root") return this.#labels;
    const labels = new LabelsModel(this.#labels);
    return name === "labels" ? labels : labels.attribute(name);
  }
  override item(name: string): Value {
    return labelOf(this.#labels, name) ?? this.attribute(name);
  }
  override method(name: string): Callable | null {
    return methodOf(this.#labels, name);
  }
  override entries(): readonly (readonly [string, Value])[] {
    return Object.entries(this.#labels);
  }
}

const related = (labels: Labels): ResourceModel => new ResourceModel(labels, "RelatedResource");

const roleOf = (labels: Labels): string => labelOf(labels, RESOURCE_ROLE) ?? "";

/** Related resources by their role: the first of each, the last role first as in Prefect, or all. */
function byRole(all: readonly Labels[], which: "first" | "all"): Value {
  if (which === "first") {
    return Object.fromEntries(all.toReversed().map((labels) => [roleOf(labels), related(labels)]));
  }
  const roles = new Set(all.map(roleOf));
  const inRole = (role: string): readonly Value[] =>
    all.filter((labels) => roleOf(labels) === role).map(related);
  return Object.fromEntries(Array.from(roles, (role) => [role, inRole(role)]));
}

/** An event, as Prefect's `ReceivedEvent`. */
export class EventModel extends Model {
  readonly #event: Event;
  readonly #uiUrl: string | null;

  constructor(event: Event, uiUrl: string | null) {
    super();
    this.#event = event;
    this.#uiUrl = uiUrl;
  }
  json(): Json {
    return eventJson(this.#event);
  }
  text(): string {
    const { event, id, follows, payload } = this.#event;
    const printed = (value: Value): string => reprOf(value, new Budget());
    const fields = [
      `occurred=${new TimeModel(this.#event.occurred).repr()}`,
      `event=${quoted(event)}`,
      `resource=${new ResourceModel(this.#event.resource, "Resource").repr()}`,
      `related=${printed(this.#event.related.map(related))}`,
      `payload=${printed(payload)}`,
      `id=UUID(${quoted(id)})`,
      `follows=${follows === null ? "None" : `UUID(${quoted(follows)})`}`,
      `received=${new TimeModel(this.#event.received).repr()}`,
    ];
    return fields.join(" ");
  }
  override repr(): string {
    return `ReceivedEvent(${this.text()})`;
  }
  override page(): string {
    const { id, occurred } = this.#event;
    return `events/event/${strftime(occurred, "%Y-%m-%d")}/${id}`;
  }
  override attribute(name: string): Value {
    const found = EVENT_ATTRIBUTES.get(name);
    if (found !== undefined) return found(this.#event);
    if (name !== "url") return undefined;
    return this.#uiUrl === null ? null : `${this.#uiUrl}/${this.page()}`;
  }
}

const eventJson = (event: Event): Json => ({
  ...eventToJson(event),
  occurred: new TimeModel(event.occurred).json(),
  received: new TimeModel(event.received).json(),
});

const sizes = new WeakMap<Event, number>();

/** How many bytes an event takes as JSON, as Prefect counts them; found once. */
function sizeOf(event: Event): number {
  const known = sizes.get(event);
  if (known !== undefined) return known;
  const size = bytesOf(JSON.stringify(eventJson(event)));
  sizes.set(event, size);
  return size;
}

/** How many bytes a text takes as UTF-8. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

const EVENT_ATTRIBUTES: ReadonlyMap<string, (event: Event) => Value> = new Map<
  string,
  (event: Event) => Value
>([
  ["id", (event) => event.id],
  ["event", (event) => event.event],
  ["occurred", (event) => new TimeModel(event.occurred)],
  ["received", (event) => new TimeModel(event.received)],
  ["follows", (event) => event.follows],
  ["payload", (event) => event.payload],
  ["resource", (event) => new ResourceModel(event.resource, "Resource")],
  ["related", (event) => event.related.map(related)],
  [
    "involved_resources",
    (event) => [new ResourceModel(event.resource, "Resource"), ...event.related.map(related)],
  ],
  ["resource_in_role", (event) => byRole(event.related, "first")],
  ["resources_in_role", (event) => byRole(event.related, "all")],
  ["size_bytes", sizeOf],
]);

/** What templates see of something that has a page and fields of its own: an automation, a run, a flow. */
export class ObjectModel extends Model {
  readonly #fields: Dict;
  readonly #links: { readonly page?: string; readonly resourceId?: string };

  constructor(fields: Dict, links: { readonly page?: string; readonly resourceId?: string } = {}) {
    super();
    this.#fields = fields;
    this.#links = links;
  }
  json(): Json {
    return jsonOf(this.#fields, new Budget());
  }
  text(): string {
    return textOf(this.#fields, new Budget());
  }
  override page(): string | null {
    return this.#links.page ?? null;
  }
  override resourceId(): string | null {
    return this.#links.resourceId ?? null;
  }
  override attribute(name: string): Value {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }
}

/** What templates see of an event: resources, labels and times, with the attributes that Prefect gives them. */
import type { Event } from "../model/event.ts";
import { eventToJson } from "../model/event-reader.ts";
import type { Json } from "../model/json.ts";
import { type Labels, labelOf, RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE } from "../model/labels.ts";
import { formatInstant, type Instant } from "../model/time.ts";
import { Callable, Model, TemplateError, type Value } from "./jinja/jinja.ts";

/** A time: ISO 8601 as a value, as Python prints it within text. */
export class TimeModel extends Model {
  readonly #iso: string;

  constructor(at: Instant) {
    super();
    // Python writes a fraction with six digits, or none.
    this.#iso = formatInstant(at).replace(/\.(\d+)Z$/, (_, digits: string) => `.${digits.padEnd(6, "0")}Z`);
  }
  json(): Json {
    return this.#iso;
  }
  text(): string {
    return this.#iso.replace("T", " ").replace("Z", "+00:00");
  }
  override attribute(name: string): Value {
    if (name === "isoformat") return new Callable(() => this.#iso.replace("Z", "+00:00"));
    if (name === "strftime") return new Callable(({ positional: [form] }) => this.#formatted(form));
    const letter = PARTS.get(name);
    return letter === undefined ? undefined : Number(this.#part(letter));
  }

  #formatted(form: Value): string {
    if (typeof form !== "string") throw new TemplateError("strftime wants a text such as '%Y-%m-%d'");
    return form.slice(0, 200).replace(/%([A-Za-z%])/g, (all, letter: string) => this.#part(letter) ?? all);
  }

  #part(letter: string): string | undefined {
    const [year = "", month = "", day = ""] = this.#iso.slice(0, 10).split("-");
    const clock = this.#iso.slice(11, 19);
    const [hour = "", minute = "", second = ""] = clock.split(":");
    const fraction = this.#iso.slice(20, -1).padEnd(6, "0");
    const date = `${year}-${month}-${day}`;
    return new Map([
      ["Y", year],
      ["m", month],
      ["d", day],
      ["H", hour],
      ["M", minute],
      ["S", second],
      ["f", fraction],
      ["F", date],
      ["T", clock],
      ["z", "+0000"],
      ["Z", "UTC"],
      ["%", "%"],
    ]).get(letter);
  }
}

const PARTS: ReadonlyMap<string, string> = new Map([
  ["year", "Y"],
  ["month", "m"],
  ["day", "d"],
  ["hour", "H"],
  ["minute", "M"],
  ["second", "S"],
  ["microsecond", "f"],
]);

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

  constructor(labels: Labels) {
    super();
    this.#labels = labels;
  }
  json(): Json {
    return this.#labels;
  }
  text(): string {
    return JSON.stringify(this.#labels);
  }
  override attribute(name: string): Value {
    if (name === "id") return labelOf(this.#labels, RESOURCE_ID);
    if (name === "name") return labelOf(this.#labels, RESOURCE_NAME);
    if (name === "role") return labelOf(this.#labels, RESOURCE_ROLE) ?? undefined;
    const labels = new LabelsModel(this.#labels);
    return name === "labels" ? labels : labels.attribute(name);
  }
  override item(name: string): Value {
    return labelOf(this.#labels, name) ?? this.attribute(name);
  }
  override entries(): readonly (readonly [string, Value])[] {
    return Object.entries(this.#labels);
  }
}

/** Related resources by their role: the first, or all. */
class RolesModel extends Model {
  readonly #related: readonly Labels[];
  readonly #isSingle: boolean;

  constructor(related: readonly Labels[], isSingle: boolean) {
    super();
    this.#related = related;
    this.#isSingle = isSingle;
  }
  json(): Json {
    const roles = new Set(this.#related.map((labels) => labelOf(labels, RESOURCE_ROLE) ?? ""));
    return Object.fromEntries(Array.from(roles, (role) => [role, this.#pick(role)]));
  }
  text(): string {
    return JSON.stringify(this.json());
  }
  override attribute(name: string): Value {
    const found = this.#related.filter((labels) => labelOf(labels, RESOURCE_ROLE) === name);
    if (!this.#isSingle) return found.map((labels) => new ResourceModel(labels));
    return found[0] === undefined ? undefined : new ResourceModel(found[0]);
  }

  #pick(role: string): Json {
    const found = this.#related.filter((labels) => labelOf(labels, RESOURCE_ROLE) === role);
    return this.#isSingle ? (found[0] ?? null) : found;
  }
}

/** An event, as Prefect's `ReceivedEvent`. */
export class EventModel extends Model {
  readonly #event: Event;

  constructor(event: Event) {
    super();
    this.#event = event;
  }
  json(): Json {
    return {
      ...eventToJson(this.#event),
      occurred: new TimeModel(this.#event.occurred).json(),
      received: new TimeModel(this.#event.received).json(),
    };
  }
  text(): string {
    return JSON.stringify(this.json());
  }
  override attribute(name: string): Value {
    return EVENT_ATTRIBUTES.get(name)?.(this.#event);
  }
}

const resources = (labels: readonly Labels[]): readonly ResourceModel[] =>
  labels.map((one) => new ResourceModel(one));

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
  ["resource", (event) => new ResourceModel(event.resource)],
  ["related", (event) => resources(event.related)],
  ["involved_resources", (event) => resources([event.resource, ...event.related])],
  ["resource_in_role", (event) => new RolesModel(event.related, true)],
  ["resources_in_role", (event) => new RolesModel(event.related, false)],
]);

/** Parameters of a run: templates rendered and `__prefect_kind` objects resolved (triggers-spec 4.4, 4.5). */
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../model/json.ts";
import { type Budget, type Names, TemplateError } from "./jinja/jinja.ts";
import { checkTemplate, isTemplate, renderTemplate, renderText } from "./template.ts";

export interface Rendering {
  readonly names: Names;
  /** One for all parameters of an action. */
  readonly budget: Budget;
  readonly variables: Readonly<Record<string, Json>>;
}

const KIND = "__prefect_kind";

/** What a kind gives whose value is missing: the key or list item it stands at goes. */
const NOTHING = Symbol("nothing");
type Rendered = Json | typeof NOTHING;

type Place = readonly (string | number)[];

/** Renders parameters; throws a `TemplateError` that names the place, in the author's words. */
export function renderParameters(
  parameters: JsonObject,
  schema: JsonObject | null,
  rendering: Rendering,
): JsonObject {
  const rendered = render(parameters, [], rendering);
  if (rendered === NOTHING) return {};
  if (!isJsonObject(rendered)) throw new TemplateError("the parameters are no object once they are rendered");
  const safe = Object.entries(rendered).map(([name, value]) => {
    const plain = withoutKinds(value, rendering.budget);
    return [name, isMade(parameters[name]) && wantsText(schema, name) ? asText(plain) : plain];
  });
  return Object.fromEntries(safe);
}

/** Whether a parameter is made at firing time; what its author wrote out is left to its author. */
const isMade = (source: Json | undefined): boolean =>
  typeof source === "string" ? isTemplate(source) : isJsonObject(source) && Object.hasOwn(source, KIND);

function render(value: Json, place: Place, rendering: Rendering): Rendered {
  if (typeof value === "string") {
    return isTemplate(value)
      ? atPlace(place, () => renderTemplate(value, rendering.names, rendering.budget))
      : value;
  }
  if (isJsonList(value)) return renderList(value, place, rendering);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, KIND)) return renderKind(value, place, rendering);
  return Object.fromEntries(
    kept(Object.entries(value), ([name, field]) => {
      const rendered = render(field, [...place, name], rendering);
      return rendered === NOTHING ? NOTHING : ([name, rendered] as const);
    }),
  );
}

/** As Prefect: what stands in a list within a list is left alone. */
const renderList = (list: readonly Json[], place: Place, rendering: Rendering): Json =>
  kept(Array.from(list.entries()), ([i, item]) =>
    isJsonList(item) ? item : render(item, [...place, i], rendering),
  );

function kept<From, To>(items: readonly From[], change: (item: From) => To | typeof NOTHING): readonly To[] {
  const changed: To[] = [];
  for (const item of items) {
    const to = change(item);
    if (to !== NOTHING) changed.push(to);
  }
  return changed;
}

function renderKind(object: JsonObject, place: Place, rendering: Rendering): Rendered {
  switch (kindOf(object)) {
    case "json":
      return atPlace(place, () => parsed(object, place, rendering));
    case "jinja": {
      const template = needed(object, "template", place);
      const source = isJsonObject(template) ? render(template, place, rendering) : template;
      return atPlace(place, () => renderText(sourceText(source), rendering.names, rendering.budget));
    }
    case "workspace_variable":
      return variable(object, place, rendering);
    case "none":
      return render(needed(object, "value", place), place, rendering);
    default:
      return object["value"] ?? null;
  }
}

/** Any kind that is none of ours gives its value as it stands. */
function kindOf(object: JsonObject): string {
  const kind = object[KIND];
  return typeof kind === "string" ? kind : "";
}

function sourceText(source: Rendered): string {
  if (typeof source !== "string") throw new TemplateError("the template is no text");
  return source;
}

function needed(object: JsonObject, name: string, place: Place): Json {
  const value = object[name];
  if (value === undefined) throw atPlaceError(place, `Missing '${name}' key in __prefect object`);
  return value;
}

function parsed(object: JsonObject, place: Place, rendering: Rendering): Rendered {
  const value = object["value"];
  if (value === undefined) return NOTHING;
  const text = isJsonObject(value) ? render(value, place, rendering) : value;
  if (typeof text !== "string") return text;
  const json = parseJson(text);
  if (json === undefined) throw new TemplateError(`Invalid JSON: ${text.slice(0, 100)}`);
  return json;
}

function parseJson(text: string): Json | undefined {
  try {
    const json: Json = JSON.parse(text);
    return json;
  } catch {
    return undefined;
  }
}

function variable(object: JsonObject, place: Place, { variables }: Rendering): Rendered {
  const name = object["variable_name"];
  if (name === undefined) return NOTHING;
  const text = typeof name === "string" ? name : JSON.stringify(name);
  const value = Object.hasOwn(variables, text) ? variables[text] : undefined;
  if (value === undefined) throw atPlaceError(place, `Variable '${text}' not found in workspace.`);
  return value;
}

/** Errors name the innermost place they come from, once. */
class PlacedError extends TemplateError {}

function atPlace<T>(place: Place, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof TemplateError) || error instanceof PlacedError) throw error;
    const isJson = error.message.startsWith("Invalid JSON");
    throw atPlaceError(place, isJson ? error.message : `Invalid jinja: ${error.message}`);
  }
}

const atPlaceError = (place: Place, message: string): PlacedError =>
  new PlacedError(place.length === 0 ? message : `${place.join(".")}: ${message}`);

/**
 * What came out of event data is data, also for whoever is handed it next: Prefect's API resolves kinds once more.
 * So the key loses one underscore wherever it still stands.
 */
function withoutKinds(value: Json, budget: Budget, depth = 0): Json {
  budget.spend(1);
  if (depth > NESTING_MAX) throw new TemplateError("a value is nested too deeply");
  if (isJsonList(value)) return value.map((item) => withoutKinds(item, budget, depth + 1));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name === KIND ? KIND.slice(1) : name,
      withoutKinds(field, budget, depth + 1),
    ]),
  );
}

const NESTING_MAX = 300;

/** Whether a parameter takes text and nothing else (but perhaps null). */
function wantsText(schema: JsonObject | null, name: string): boolean {
  const properties = schema?.["properties"];
  const property = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (!isJsonObject(property)) return false;
  const { type, anyOf } = property;
  if (anyOf === undefined || !isJsonList(anyOf)) return type === "string";
  const types = anyOf.map((one) => (isJsonObject(one) ? one["type"] : undefined));
  return types.includes("string") && types.every((one) => one === "string" || one === "null");
}

const asText = (value: Json): Json => (typeof value === "string" ? value : JSON.stringify(value));

/** What is wrong with a template among parameters. */
export interface ParameterFault {
  readonly at: Place;
  readonly message: string;
}

/** Every template and kind among parameters that does not parse, those in lists too. */
export function checkParameters(value: Json, at: Place = []): readonly ParameterFault[] {
  if (typeof value === "string") return isTemplate(value) ? checked(value, "any", at) : [];
  if (isJsonList(value)) {
    return value.flatMap((item, i) => (isJsonList(item) ? [] : checkParameters(item, [...at, i])));
  }
  if (!isJsonObject(value)) return [];
  if (Object.hasOwn(value, KIND)) return checkKind(value, at);
  return Object.entries(value).flatMap(([name, field]) => checkParameters(field, [...at, name]));
}

function checked(source: string, as: "any" | "text", at: Place): readonly ParameterFault[] {
  const fault = checkTemplate(source, as);
  return fault === null ? [] : [{ at, message: `Invalid jinja: ${fault.message}` }];
}

function checkKind(object: JsonObject, at: Place): readonly ParameterFault[] {
  const missing = (name: string): readonly ParameterFault[] => [
    { at, message: `Missing '${name}' key in __prefect object` },
  ];
  const { template, value } = object;
  switch (kindOf(object)) {
    case "jinja":
      if (template === undefined) return missing("template");
      if (isJsonObject(template)) return checkParameters(template, at);
      if (typeof template !== "string") return [{ at, message: "Invalid jinja: the template is no text" }];
      return checked(template, "text", at);
    case "none":
      return value === undefined ? missing("value") : checkParameters(value, at);
    case "json":
      if (isJsonObject(value)) return checkParameters(value, at);
      if (typeof value !== "string" || parseJson(value) !== undefined) return [];
      return [{ at, message: `Invalid JSON: ${value.slice(0, 100)}` }];
    default:
      return [];
  }
}

/** Events as JSON: one reader for all who take them in, with every fault at once in Prefect's words (triggers-spec 1.1–1.3). */
import type { Event } from "./event.ts";
import { bad, type Fault, good, type Result } from "./fault.ts";
import { isUuid } from "./id.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "./json.ts";
import { type Labels, RESOURCE_ID, RESOURCE_ROLE } from "./labels.ts";
import { formatInstant, type Instant, instant, parseInstant } from "./time.ts";

/** What an event may be at most. The size in bytes is checked by whoever holds the bytes. */
export interface Limits {
  readonly relatedMax: number;
  readonly labelsMax: number;
  readonly nameCharsMax: number;
  readonly bytesMax: number;
}

export const DEFAULT_LIMITS: Limits = {
  relatedMax: 100,
  labelsMax: 500,
  nameCharsMax: 1024,
  bytesMax: 1_500_000,
};

export interface ReadingContext {
  /** When the event reached us: the broker's record timestamp. */
  readonly received: Instant;
  /** The id of an event that was sent without one. */
  readonly id: () => string;
  readonly limits: Limits;
  /** From the record's headers (semantics.md, S15). */
  readonly causes?: readonly string[];
}

/** Nothing recursive that later walks a payload may run out of stack. */
const NESTING_MAX = 200;

/** Reads one event; unknown fields are dropped, a missing id is drawn from the context, a missing time is `received`. */
export function readEvent(json: unknown, context: ReadingContext): Result<Event> {
  const faults: Fault[] = [];
  if (!isJsonObject(json)) {
    const message = "Input should be a valid dictionary or object to extract fields from";
    return bad([{ at: [], type: "model_attributes_type", message, input: json }]);
  }
  const { limits } = context;
  const event: Event = {
    id: json["id"] === undefined ? "" : readId(json["id"], "id", faults),
    event: readName(json["event"], limits, faults),
    occurred: json["occurred"] === undefined ? context.received : readTime(json["occurred"], faults),
    received: context.received,
    resource: readResource(json["resource"], ["resource"], limits, faults),
    related: json["related"] === undefined ? [] : readRelated(json["related"], limits, faults),
    payload: json["payload"] === undefined ? {} : readPayload(json["payload"], faults),
    follows: readFollows(json["follows"], faults),
    causes: context.causes ?? [],
  };
  if (faults.length > 0) return bad(faults);
  return good(event.id === "" ? { ...event, id: context.id() } : event);
}

/** An event as Prefect's `ReceivedEvent`, fields in its order. */
export function eventToJson(event: Event): JsonObject {
  return {
    occurred: formatInstant(event.occurred),
    event: event.event,
    resource: event.resource,
    related: event.related,
    payload: event.payload,
    id: event.id,
    follows: event.follows,
    received: formatInstant(event.received),
  };
}

const REQUIRED = { type: "missing", message: "Field required" } as const;

function readName(value: Json | undefined, limits: Limits, faults: Fault[]): string {
  const at = ["event"];
  if (value === undefined) faults.push({ at, ...REQUIRED });
  else if (typeof value !== "string") faults.push({ at, ...STRING, input: value });
  else {
    if (value.length > limits.nameCharsMax && Array.from(value).length > limits.nameCharsMax) {
      faults.push(
        valueFault(at, `Event name must be at most ${limits.nameCharsMax} characters`, value.slice(0, 100)),
      );
    }
    return value;
  }
  return "";
}

const STRING = { type: "string_type", message: "Input should be a valid string" } as const;

const valueFault = (at: Fault["at"], message: string, input: unknown): Fault => ({
  at,
  type: "value_error",
  message: `Value error, ${message}`,
  input,
});

const COMPACT_UUID = /^[0-9a-f]{32}$/i;

/** UUIDs with or without hyphens, in any case; in our hands they are lower case with hyphens. */
function readId(value: Json, name: string, faults: Fault[]): string {
  if (typeof value !== "string") {
    const message = "UUID input should be a string, bytes or UUID object";
    faults.push({ at: [name], type: "uuid_type", message, input: value });
    return "";
  }
  const text = COMPACT_UUID.test(value)
    ? value.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
    : value;
  if (isUuid(text)) return text.toLowerCase();
  const message = `Input should be a valid UUID, found ${value.length} characters that are not one`;
  faults.push({ at: [name], type: "uuid_parsing", message, input: value });
  return "";
}

const readFollows = (value: Json | undefined, faults: Fault[]): string | null =>
  value === undefined || value === null ? null : readId(value, "follows", faults);

/** Numbers this large are milliseconds, as Prefect takes them. */
const SECONDS_MAX = 2e10;

function readTime(value: Json, faults: Fault[]): Instant {
  const at = ["occurred"];
  const none = instant(0);
  if (typeof value !== "string" && typeof value !== "number") {
    faults.push({ at, type: "datetime_type", message: "Input should be a valid datetime", input: value });
    return none;
  }
  const found =
    typeof value === "string"
      ? (plainInstant(value) ?? parseInstant(value))
      : instant(Math.round(Math.abs(value) > SECONDS_MAX ? value * 1000 : value * 1_000_000));
  if (found === null) faults.push(valueFault(at, `Unable to parse string [${String(value)}]`, value));
  else if (!Number.isSafeInteger(found))
    faults.push(valueFault(at, "The time is out of range (years 1684 to 2255)", value));
  else return found;
  return none;
}

const PLAIN_TIME = "0000-00-00T00:00:00.000Z";
/** So many days every year has in a month, by its number. */
const MONTH_DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * `2026-01-02T03:04:05.678Z`, the form that most programs write, in a tenth of the time that all forms together take;
 * null for every other one, and for what there may not be: leap days are looked up in the calendar.
 */
function plainInstant(text: string): Instant | null {
  for (let i = 0; i < PLAIN_TIME.length; i++) {
    const code = text.charCodeAt(i);
    const form = PLAIN_TIME.charCodeAt(i);
    if (form === 0x30 ? code < 0x30 || code > 0x39 : code !== form) return null;
  }
  const [month, day, hour] = [two(text, 5), two(text, 8), two(text, 11)];
  const isDay = day >= 1 && day <= (MONTH_DAYS[month] ?? 0);
  if (text.length !== PLAIN_TIME.length || !isDay || hour > 23) return null;
  if (text.charCodeAt(14) > 0x35 || text.charCodeAt(17) > 0x35) return null;
  const days = daysBefore(two(text, 0) * 100 + two(text, 2), month) + day - 1;
  const second = (hour * 60 + two(text, 14)) * 60 + two(text, 17);
  const milli = (text.charCodeAt(20) - 0x30) * 100 + two(text, 21);
  return instant(((days * 86_400 + second) * 1000 + milli) * 1000);
}

const two = (text: string, at: number): number =>
  (text.charCodeAt(at) - 0x30) * 10 + text.charCodeAt(at + 1) - 0x30;

/** From 1970 to the first of a month; years begin in March, so that a leap day is the last of one. */
function daysBefore(year: number, month: number): number {
  const marches = month > 2 ? year : year - 1;
  const leaps = Math.floor(marches / 4) - Math.floor(marches / 100) + Math.floor(marches / 400);
  const sinceMarch = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return marches * 365 + leaps + sinceMarch - 719_468;
}

function readResource(value: Json | undefined, at: Fault["at"], limits: Limits, faults: Fault[]): Labels {
  if (value === undefined) {
    faults.push({ at, ...REQUIRED });
    return {};
  }
  if (!isJsonObject(value)) {
    faults.push({ at, ...DICTIONARY, input: value });
    return {};
  }
  const names = Object.keys(value);
  if (names.length > limits.labelsMax) {
    faults.push(valueFault(at, `The maximum number of labels per resource is ${limits.labelsMax}`, null));
  }
  if (!isLabels(value)) {
    for (const name of names) {
      const label = value[name];
      if (typeof label !== "string") faults.push({ at: [...at, name], ...STRING, input: label });
    }
    return {};
  }
  needLabel(value, RESOURCE_ID, "Resources", { at, faults });
  return value;
}

const DICTIONARY = { type: "dict_type", message: "Input should be a valid dictionary" } as const;

function isLabels(value: JsonObject): value is Labels {
  for (const name in value) if (typeof value[name] !== "string") return false;
  return true;
}

function needLabel(
  labels: Labels,
  name: string,
  whose: string,
  to: { readonly at: Fault["at"]; readonly faults: Fault[] },
): void {
  if (!Object.hasOwn(labels, name)) {
    to.faults.push(valueFault(to.at, `${whose} must include the ${name} label`, labels));
  } else if (labels[name] === "") {
    to.faults.push(valueFault(to.at, `The ${name} label must be non-empty`, labels));
  }
}

function readRelated(value: Json, limits: Limits, faults: Fault[]): readonly Labels[] {
  if (!isJsonList(value)) {
    faults.push({
      at: ["related"],
      type: "list_type",
      message: "Input should be a valid list",
      input: value,
    });
    return [];
  }
  if (value.length > limits.relatedMax) {
    faults.push(
      valueFault(["related"], `The maximum number of related resources is ${limits.relatedMax}`, null),
    );
    return [];
  }
  return value.map((one, i) => {
    const at = ["related", i];
    const before = faults.length;
    const labels = readResource(one, at, limits, faults);
    // A resource that could not be read has told its faults already.
    if (faults.length === before || Object.keys(labels).length > 0) {
      needLabel(labels, RESOURCE_ROLE, "Related Resources", { at, faults });
    }
    return labels;
  });
}

function readPayload(value: Json, faults: Fault[]): JsonObject {
  if (!isJsonObject(value)) {
    faults.push({ at: ["payload"], ...DICTIONARY, input: value });
    return {};
  }
  if (nestsDeeper(value, NESTING_MAX)) {
    faults.push(valueFault(["payload"], `The payload may be nested ${NESTING_MAX} levels deep`, null));
  }
  return value;
}

/** Whether a value has more levels than so many; asked before anything recursive walks it. */
export function nestsDeeper(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  const nested: readonly Json[] = isJsonList(value) ? value : Object.values(value);
  return nested.some((one) => nestsDeeper(one, levels - 1));
}

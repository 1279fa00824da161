/** Times and spans as templates see them: with the attributes, methods and text that Python gives them. */
import type { Json } from "../../model/json.ts";
import { formatInstant, type Instant, instant } from "../../model/time.ts";
import { type Args, Callable, float, Model, nameOfType, TemplateError, type Value } from "./values.ts";

const DAY = 86_400_000_000;
const SECOND = 1_000_000;

/** A time, or its date alone, always in UTC: ISO 8601 as a value, as Python prints it within text. */
export class TimeModel extends Model {
  readonly at: Instant;
  readonly #isDate: boolean;

  constructor(at: Instant, isDate = false) {
    super();
    this.at = at;
    this.#isDate = isDate;
  }
  json(): Json {
    return this.#isDate ? this.#date() : `${this.#iso("T", "auto")}Z`;
  }
  text(): string {
    return this.#isDate ? this.#date() : `${this.#iso(" ", "auto")}+00:00`;
  }
  override repr(): string {
    const parts = partsOf(this.at);
    const numbers = ["Y", "m", "d", "H", "M", "S", "f"].map((letter) => Number(parts(letter)));
    const shown = numbers.slice(0, this.#isDate ? 3 : numbers[6] === 0 ? 6 : 7).join(", ");
    return this.#isDate ? `Date(${shown})` : `DateTime(${shown}, tzinfo=Timezone('UTC'))`;
  }
  override attribute(name: string): Value {
    if (name === "tzinfo") return "UTC";
    const letter = ATTRIBUTES.get(name);
    return letter === undefined ? undefined : Number(partsOf(this.at)(letter));
  }
  override method(name: string): Callable | null {
    const found = TIME_METHODS.get(name);
    return found === undefined ? null : new Callable((args) => found(this, args));
  }
  override formatted(spec: string): string {
    return strftime(this.at, spec);
  }
  override plus(other: Value, sign: 1 | -1): Value {
    if (other instanceof SpanModel) return new TimeModel(instant(this.at + sign * other.micros));
    if (other instanceof TimeModel && sign < 0) return new SpanModel(this.at - other.at);
    return super.plus(other, sign);
  }
  isoformat(between: string, unit: string): string {
    return this.#isDate ? this.#date() : `${this.#iso(between, unit)}+00:00`;
  }

  /** Python writes a fraction with six digits, or none. */
  #iso(between: string, unit: string): string {
    const clock = partsOf(this.at)("T") ?? "";
    const fraction = partsOf(this.at)("f") ?? "";
    const isShort = unit === "seconds" || (unit === "auto" && fraction === "000000");
    return `${this.#date()}${between}${clock}${isShort ? "" : `.${fraction}`}`;
  }
  #date(): string {
    return partsOf(this.at)("F") ?? "";
  }
}

const textAt = ({ positional }: Args, i: number, otherwise: string): string => {
  const value = positional[i] ?? otherwise;
  if (typeof value !== "string") throw new TemplateError(`expected a text, not ${nameOfType(value)}`);
  return value;
};

const dayOf = (at: Instant): number => Math.floor(at / DAY);
/** 1970 began on a Thursday; Monday is 0. */
const weekday = (at: Instant): number => (((dayOf(at) + 3) % 7) + 7) % 7;

const TIME_METHODS: ReadonlyMap<string, (time: TimeModel, args: Args) => Value> = new Map<
  string,
  (time: TimeModel, args: Args) => Value
>([
  ["date", ({ at }) => new TimeModel(at, true)],
  ["isoformat", (time, args) => time.isoformat(textAt(args, 0, "T"), unitOf(args))],
  ["isoweekday", ({ at }) => weekday(at) + 1],
  ["strftime", ({ at }, args) => strftime(at, textAt(args, 0, ""))],
  ["time", ({ at }) => (partsOf(at)("T") ?? "") + (at % SECOND === 0 ? "" : `.${partsOf(at)("f") ?? ""}`)],
  ["timestamp", ({ at }) => float(at / SECOND)],
  ["weekday", ({ at }) => weekday(at)],
]);

function unitOf({ positional, named }: Args): string {
  const unit = named.get("timespec") ?? positional[1] ?? "auto";
  if (unit === "auto" || unit === "seconds" || unit === "microseconds") return unit;
  throw new TemplateError("timespec must be auto, seconds or microseconds");
}

const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ["year", "Y"],
  ["month", "m"],
  ["day", "d"],
  ["hour", "H"],
  ["minute", "M"],
  ["second", "S"],
  ["microsecond", "f"],
]);

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** A time by the letters of `strftime`, in English. */
export function strftime(at: Instant, form: string): string {
  const part = partsOf(at);
  return form.slice(0, 200).replace(/%([A-Za-z%])/g, (all, letter: string) => part(letter) ?? all);
}

function partsOf(at: Instant): (letter: string) => string | undefined {
  const iso = formatInstant(at);
  return (letter) => SIMPLE.get(letter)?.(iso) ?? DERIVED.get(letter)?.(iso, at);
}

const two = (value: number): string => String(value).padStart(2, "0");
const numberAt = (iso: string, from: number): number => Number(iso.slice(from, from + 2));
const hour12 = (iso: string): string => two(((numberAt(iso, 11) + 11) % 12) + 1);
const monthName = (iso: string): string => MONTHS[numberAt(iso, 5) - 1] ?? "";
const dayName = (at: Instant): string => DAYS[weekday(at)] ?? "";

const SIMPLE: ReadonlyMap<string, (iso: string) => string> = new Map<string, (iso: string) => string>([
  ["Y", (iso) => iso.slice(0, 4)],
  ["m", (iso) => iso.slice(5, 7)],
  ["d", (iso) => iso.slice(8, 10)],
  ["H", (iso) => iso.slice(11, 13)],
  ["M", (iso) => iso.slice(14, 16)],
  ["S", (iso) => iso.slice(17, 19)],
  ["f", (iso) => iso.slice(20, -1).padEnd(6, "0")],
  ["F", (iso) => iso.slice(0, 10)],
  ["T", (iso) => iso.slice(11, 19)],
  ["X", (iso) => iso.slice(11, 19)],
  ["R", (iso) => iso.slice(11, 16)],
  ["y", (iso) => iso.slice(2, 4)],
  ["D", (iso) => `${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(2, 4)}`],
  ["x", (iso) => `${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(2, 4)}`],
  ["e", (iso) => String(numberAt(iso, 8)).padStart(2)],
  ["I", hour12],
  ["p", (iso) => (numberAt(iso, 11) < 12 ? "AM" : "PM")],
  ["b", (iso) => monthName(iso).slice(0, 3)],
  ["B", monthName],
  ["z", () => "+0000"],
  ["Z", () => "UTC"],
  ["%", () => "%"],
]);

const DERIVED: ReadonlyMap<string, (iso: string, at: Instant) => string> = new Map<
  string,
  (iso: string, at: Instant) => string
>([
  ["a", (_, at) => dayName(at).slice(0, 3)],
  ["A", (_, at) => dayName(at)],
  ["j", (iso) => String(dayOfYear(iso)).padStart(3, "0")],
  ["u", (_, at) => String(weekday(at) + 1)],
  ["w", (_, at) => String((weekday(at) + 1) % 7)],
  ["U", (iso, at) => two(Math.floor((dayOfYear(iso) + 6 - ((weekday(at) + 1) % 7)) / 7))],
  ["W", (iso, at) => two(Math.floor((dayOfYear(iso) + 6 - weekday(at)) / 7))],
  ["s", (_, at) => String(Math.floor(at / SECOND))],
  ["c", (_, at) => strftime(at, "%a %b %e %T %Y")],
]);

const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

function dayOfYear(iso: string): number {
  const year = Number(iso.slice(0, 4));
  const month = numberAt(iso, 5);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return (DAYS_BEFORE[month - 1] ?? 0) + numberAt(iso, 8) + (isLeap && month > 2 ? 1 : 0);
}

/** A span between two times: `.days`, `.seconds`, `.total_seconds()`. */
export class SpanModel extends Model {
  readonly micros: number;

  constructor(micros: number) {
    super();
    this.micros = micros;
  }
  json(): Json {
    return this.micros / SECOND;
  }
  text(): string {
    const days = Math.floor(this.micros / DAY);
    const rest = this.micros - days * DAY;
    const seconds = Math.floor(rest / SECOND);
    const fraction = rest % SECOND === 0 ? "" : `.${String(rest % SECOND).padStart(6, "0")}`;
    const clock = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    return `${days === 0 ? "" : `${days} day${Math.abs(days) === 1 ? "" : "s"}, `}${clock}${fraction}`;
  }
  override repr(): string {
    const parts = ["days", "seconds", "microseconds"].flatMap((name) => {
      const value = Number(this.attribute(name));
      return value === 0 ? [] : [`${name}=${value}`];
    });
    return `datetime.timedelta(${parts.length === 0 ? "0" : parts.join(", ")})`;
  }
  override attribute(name: string): Value {
    const days = Math.floor(this.micros / DAY);
    const rest = this.micros - days * DAY;
    if (name === "days") return days;
    if (name === "seconds") return Math.floor(rest / SECOND);
    return name === "microseconds" ? rest % SECOND : undefined;
  }
  override method(name: string): Callable | null {
    return name === "total_seconds" ? new Callable(() => float(this.micros / SECOND)) : null;
  }
  override plus(other: Value, sign: 1 | -1): Value {
    if (other instanceof SpanModel) return new SpanModel(this.micros + sign * other.micros);
    if (other instanceof TimeModel && sign > 0) return other.plus(this, sign);
    return super.plus(other, sign);
  }
  override truth(): boolean {
    return this.micros !== 0;
  }
}

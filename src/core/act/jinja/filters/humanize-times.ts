/** Times and spans as people say them. What is relative goes by the firing's time, so that a replay says the same. */
import type { Instant } from "../../../model/time.ts";
import { grouped, rounded } from "../numbers.ts";
import { textOf } from "../text.ts";
import { SpanModel, strftime, TimeModel } from "../times.ts";
import {
  arg,
  type Budget,
  type Filter,
  float,
  nameOfType,
  numberOf,
  type Run,
  row,
  TemplateError,
  type Value,
} from "../values.ts";
import { precise } from "./humanize-precise.ts";
import { readFloat, readInt } from "./number-filters.ts";

const DAY = 86_400_000_000;
const SECOND = 1_000_000;
const DAYS_MAX = 999_999_999;

/** No name that a template can write: when the firing was. */
const NOW = "(triggered)";

function nowIn(run: Run): Instant {
  const now = run.lookup(NOW);
  if (!(now instanceof TimeModel)) throw new TemplateError("there is no firing whose time this could go by");
  return now.at;
}

/** A span, or seconds, as microseconds; null for what is neither. */
function microsOf(value: Value): number | null {
  if (value instanceof SpanModel) return value.micros;
  const seconds = numberOf(value);
  return seconds === null ? null : spanned(seconds);
}

function spanned(seconds: number): number {
  const micros = Math.round(seconds * SECOND);
  if (!(Math.abs(micros) <= DAYS_MAX * DAY)) throw new TemplateError("the span is too long");
  return micros;
}

/** `%d minutes`, with the words for one of them. */
const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;

interface Saying {
  readonly withMonths: boolean;
  readonly smallest: string;
}

function sayingOf(withMonths: Value, smallest: Value): Saying {
  const unit = typeof smallest === "string" ? smallest.toLowerCase() : "seconds";
  if (!["seconds", "milliseconds", "microseconds"].includes(unit)) {
    throw new TemplateError(`Minimum unit '${unit}' not supported`);
  }
  return { withMonths: withMonths !== false, smallest: unit };
}

/** The distance of two times, rounded to the unit that makes sense. */
function distance(micros: number, saying: Saying): string {
  const span = Math.abs(micros);
  const days = Math.floor(span / DAY);
  const seconds = Math.floor((span % DAY) / SECOND);
  if (days >= 365) return inYears(days, saying.withMonths);
  if (days > 0) return inDays(days, saying.withMonths);
  if (seconds === 0) return inFractions(span % SECOND, saying.smallest);
  if (seconds < 60) return seconds === 1 ? "a second" : plural(seconds, "second");
  if (seconds < 3600) return inMinutes(rounded(seconds / 60, 0));
  const hours = rounded(seconds / 3600, 0);
  return hours === 1 ? "an hour" : hours === 24 ? "a day" : plural(hours, "hour");
}

function inFractions(micros: number, smallest: string): string {
  if (smallest === "microseconds" && micros < 1000) return plural(micros, "microsecond");
  if (smallest === "seconds") return "a moment";
  return plural(Math.trunc(micros / 1000), "millisecond");
}

function inMinutes(minutes: number): string {
  if (minutes === 1) return "a minute";
  return minutes === 60 ? "an hour" : plural(minutes, "minute");
}

function inDays(days: number, withMonths: boolean): string {
  if (days === 1) return "a day";
  const months = rounded(days / 30.5, 0);
  if (!withMonths || months === 0) return plural(days, "day");
  if (months === 1) return "a month";
  return months === 12 ? "a year" : plural(months, "month");
}

function inYears(days: number, withMonths: boolean): string {
  const years = Math.floor(days / 365);
  if (years > 1) {
    const all = rounded(days / 365, 0);
    return `${grouped(String(all))} year${all === 1 ? "" : "s"}`;
  }
  const rest = days % 365;
  const months = rounded(rest / 30.5, 0);
  if (rest === 0) return "a year";
  if (months === 0 || !withMonths) return `1 year, ${plural(rest, "day")}`;
  return months === 12 ? "2 years" : `1 year, ${plural(months, "month")}`;
}

const naturaldelta: Filter = (value, args, budget) => {
  const saying = sayingOf(arg(args, 0, "months"), arg(args, 1, "minimum_unit"));
  if (value instanceof SpanModel) return distance(value.micros, saying);
  const isReadable = typeof value === "string" ? readInt(value, 10) !== null : numberOf(value) !== null;
  const seconds = readFloat(value);
  if (!isReadable || seconds === null || !Number.isFinite(seconds)) return textOf(value, budget);
  return distance(spanned(seconds), saying);
};

const naturaltime: Filter = (value, args, budget, run) => {
  const when = arg(args, 3, "when") ?? null;
  const now = when instanceof TimeModel ? when.at : nowIn(run);
  const ago = value instanceof TimeModel ? now - value.at : wholeSeconds(value);
  if (ago === null) return textOf(value, budget);
  const isFuture =
    value instanceof TimeModel || value instanceof SpanModel ? ago < 0 : arg(args, 0, "future") === true;
  const said = distance(ago, sayingOf(arg(args, 1, "months"), arg(args, 2, "minimum_unit")));
  return said === "a moment" ? "now" : `${said} ${isFuture ? "from now" : "ago"}`;
};

/** A span as it is, seconds rounded to whole ones. */
function wholeSeconds(value: Value): number | null {
  const seconds = numberOf(value);
  return seconds === null ? microsOf(value) : spanned(rounded(seconds, 0));
}

function day(value: TimeModel, form: string, run: Run): string {
  const days = Math.floor(value.at / DAY) - Math.floor(nowIn(run) / DAY);
  const said = new Map([
    [0, "today"],
    [1, "tomorrow"],
    [-1, "yesterday"],
  ]).get(days);
  return said ?? strftime(value.at, form);
}

const naturalday: Filter = (value, _args, budget, run) =>
  value instanceof TimeModel ? day(value, "%b %d", run) : textOf(value, budget);

/** With the year when it is more than five months away. */
const naturaldate: Filter = (value, _args, budget, run) => {
  if (!(value instanceof TimeModel)) return textOf(value, budget);
  const days = Math.abs(Math.floor(value.at / DAY) - Math.floor(nowIn(run) / DAY));
  return day(value, days >= (5 * 365) / 12 ? "%b %d %Y" : "%b %d", run);
};

const precisedelta: Filter = (value, args, budget, run) => {
  const micros = value instanceof TimeModel ? nowIn(run) - value.at : microsOf(value);
  if (micros === null) return textOf(value, budget);
  return precise(Math.abs(micros), args, budget);
};

const absolute: Filter = (value) => {
  if (value instanceof SpanModel) return new SpanModel(Math.abs(value.micros));
  const number = numberOf(value);
  if (number === null) throw new TemplateError(`${nameOfType(value)} has no absolute value`);
  return Number.isInteger(number) ? Math.abs(number) : float(Math.abs(number));
};

function dateAndDelta(value: Value, _args: unknown, _budget: Budget, run: Run): Value {
  const now = nowIn(run);
  if (value instanceof TimeModel) return row([value, new SpanModel(Math.abs(now - value.at))]);
  const micros = wholeSeconds(value);
  if (micros === null) return row([null, value]);
  return row([new TimeModel(now).plus(new SpanModel(micros), -1), new SpanModel(Math.abs(micros))]);
}

export const HUMANIZE_TIMES: readonly (readonly [string, Filter])[] = [
  ["humanize_abs_timedelta", absolute],
  ["humanize_date_and_delta", dateAndDelta],
  ["humanize_naturaldate", naturaldate],
  ["humanize_naturalday", naturalday],
  ["humanize_naturaldelta", naturaldelta],
  ["humanize_naturaltime", naturaltime],
  ["humanize_precisedelta", precisedelta],
];

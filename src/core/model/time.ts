/** Time as data: instants and durations in whole microseconds, which sort exactly and stay safe integers until 2255. */

/** Microseconds since 1970 UTC. */
export type Instant = number & { readonly unit: "instant" };
/** A span in microseconds. */
export type Duration = number & { readonly unit: "duration" };

export const instant = (micros: number): Instant => micros as Instant;
export const duration = (micros: number): Duration => micros as Duration;

export const fromMillis = (millis: number): Instant => instant(Math.round(millis * 1000));
export const toMillis = (at: Instant): number => Math.floor(at / 1000);
export const millis = (count: number): Duration => duration(Math.round(count * 1000));
export const seconds = (count: number): Duration => duration(Math.round(count * 1_000_000));
export const toSeconds = (span: Duration): number => span / 1_000_000;
export const minutes = (count: number): Duration => seconds(count * 60);
export const days = (count: number): Duration => seconds(count * 86_400);

export const earlier = (a: Instant, b: Instant): Instant => (a < b ? a : b);
export const later = (a: Instant, b: Instant): Instant => (a > b ? a : b);
export const plus = (at: Instant, span: Duration): Instant => instant(at + span);
export const minus = (at: Instant, span: Duration): Instant => instant(at - span);
export const between = (from: Instant, to: Instant): Duration => duration(to - from);

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Reads an ISO 8601 date or date-time, to the microsecond; without a zone it is UTC, a date alone is midnight UTC.
 * Null where the text is no such time.
 */
export function parseInstant(text: string): Instant | null {
  const found = ISO.exec(text.trim());
  if (found === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = found;
  const date = dayStart(Number(year), Number(month), Number(day));
  const clock = secondOfDay(Number(hour), Number(minute), Number(second));
  const offset = zoneMinutes(zone);
  if (date === null || clock === null || offset === null) return null;
  const micros = Number(fraction.padEnd(6, "0").slice(0, 6));
  return instant(date * 1000 + (clock - offset * 60) * 1_000_000 + micros);
}

/** Midnight UTC of a day of the calendar, in milliseconds; null where there is no such day. */
function dayStart(year: number, month: number, day: number): number | null {
  // Not Date.UTC, which takes the years 0 to 99 for those of the last century.
  const date = new Date(0);
  const at = date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? at : null;
}

const secondOfDay = (hour: number, minute: number, second: number): number | null =>
  hour > 23 || minute > 59 || second > 59 ? null : (hour * 60 + minute) * 60 + second;

function zoneMinutes(zone: string): number | null {
  if (zone === "Z" || zone === "z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const hours = Number(digits.slice(0, 2));
  const rest = Number(digits.slice(2));
  if (hours > 23 || rest > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + rest);
}

/** ISO 8601 in UTC, the fraction left out when it is zero, to the microsecond when it must: `2026-01-02T03:04:05.678901Z`. */
export function formatInstant(at: Instant): string {
  const whole = Math.floor(at / 1_000_000);
  const fraction = at - whole * 1_000_000;
  const text = formatSecond(whole);
  if (fraction === 0) return `${text}Z`;
  const digits = String(fraction).padStart(6, "0");
  return `${text}.${digits.endsWith("000") ? digits.slice(0, 3) : digits}Z`;
}

/** Times come close together: most are of the second that was asked for last. */
let lastSecond = { whole: 0, text: "1970-01-01T00:00:00" };

function formatSecond(whole: number): string {
  if (lastSecond.whole !== whole) {
    lastSecond = { whole, text: new Date(whole * 1000).toISOString().slice(0, 19) };
  }
  return lastSecond.text;
}

const ISO_DURATION =
  /^([+-])?P(?!$)(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?!$)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const UNIT_SECONDS = [365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1];
const CLOCK = /^([+-])?(?:(\d+) days?,? )?(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d{1,6})?))?$/;

/** Reads a span from seconds (a number), an ISO 8601 duration (`PT2H`, `P1M` = 30 days) or `HH:MM:SS`; null for anything else. */
export function parseDuration(value: unknown): Duration | null {
  if (typeof value === "number") return Number.isFinite(value) ? seconds(value) : null;
  if (typeof value !== "string") return null;
  const iso = ISO_DURATION.exec(value.trim());
  if (iso !== null) {
    const total = UNIT_SECONDS.reduce((sum, unit, i) => sum + Number(iso[i + 2] ?? 0) * unit, 0);
    return seconds(iso[1] === "-" ? -total : total);
  }
  const clock = CLOCK.exec(value.trim());
  if (clock === null) return null;
  const [, sign, dayCount = "0", hour = "0", minute = "0", second = "0"] = clock;
  const total = Number(dayCount) * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return seconds(sign === "-" ? -total : total);
}

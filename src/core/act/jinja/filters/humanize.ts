/** The `humanize_…` filters: numbers and sizes as people say them, in English; those of times stand in humanize-times.ts. */
import { braceFormat, percentFormat } from "../format.ts";
import { exponential, fixed, grouped, rounded } from "../numbers.ts";
import { textOf } from "../text.ts";
import {
  type Args,
  arg,
  type Budget,
  type Filter,
  float,
  isFloat,
  nameOfType,
  numberOf,
  TemplateError,
  type Value,
} from "../values.ts";
import { HUMANIZE_TIMES } from "./humanize-times.ts";
import { numberArg, readFloat, readInt } from "./number-filters.ts";

function notFinite(value: number): string | null {
  if (Number.isFinite(value)) return null;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/** A whole number, or the text of one; null for all else. */
function readWhole(value: Value): number | null {
  if (typeof value === "string") return readInt(value, 10);
  const number = numberOf(value);
  return number === null ? null : Math.trunc(number);
}

/** A filter of whole numbers; what is none stays as it is. */
const ofWhole =
  (say: (whole: number, args: Args, budget: Budget) => string): Filter =>
  (value, args, budget) => {
    const number = readFloat(value);
    if (number === null) return textOf(value, budget);
    const strange = notFinite(number);
    if (strange !== null) return strange;
    const whole = readWhole(value);
    return whole === null ? textOf(value, budget) : say(whole, args, budget);
  };

/** A filter of numbers that fails on all else. */
function needed(value: Value): number {
  const number = numberOf(value);
  if (number === null) throw new TemplateError(`expected a number, not ${nameOfType(value)}`);
  return number;
}

const ORDINALS = ["th", "st", "nd", "rd"];

function ordinal(whole: number): string {
  const hundred = ((whole % 100) + 100) % 100;
  const digit = hundred >= 11 && hundred <= 13 ? 0 : hundred % 10;
  return `${whole}${ORDINALS[digit] ?? "th"}`;
}

const intcomma: Filter = (value, args, budget) => {
  const plain = typeof value === "string" ? value.replaceAll(",", "") : value;
  const number = readFloat(plain);
  if (number === null) return textOf(plain, budget);
  const strange = notFinite(number);
  if (strange !== null) return strange;
  const digits = arg(args, 0, "ndigits") ?? null;
  if (digits !== null) return grouped(fixed(number, numberArg(args, 0, "ndigits", 0)));
  const isFloating = typeof plain === "string" ? plain.includes(".") : isFloat(plain);
  return grouped(textOf(isFloating ? float(number) : Math.trunc(number), budget));
};

const POWERS = [3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 100];
const WORDS =
  "thousand million billion trillion quadrillion quintillion sextillion septillion octillion nonillion decillion googol".split(
    " ",
  );

function intword(whole: number, args: Args, budget: Budget): string {
  const value = Math.abs(whole);
  const sign = whole < 0 ? "-" : "";
  if (value < 1000) return `${sign}${value}`;
  const form = textOf(arg(args, 0, "format") ?? "%.1f", budget);
  const say = (number: number): string => percentFormat(form, float(number), budget);
  let place = POWERS.findLastIndex((power) => value >= 10 ** power);
  let shown = Number(say(value / 10 ** (POWERS[place] ?? 3)));
  const next = POWERS[place + 1];
  if (next !== undefined && shown === 10 ** (next - (POWERS[place] ?? 3))) {
    place++;
    shown = 1;
  }
  return `${sign}${say(shown)} ${WORDS[place] ?? ""}`;
}

const DIGITS = "zero one two three four five six seven eight nine".split(" ");

/** The nearest fraction with a denominator of 1000 at most, by continued fractions. */
function fraction(value: number): readonly [number, number] {
  let [n, d] = exactFraction(Math.abs(value));
  const [whole, parts] = [n, d];
  let [p0, q0, p1, q1] = [0n, 1n, 1n, 0n];
  while (d !== 0n) {
    const a = n / d;
    if (q0 + a * q1 > 1000n) break;
    [p0, q0, p1, q1] = [p1, q1, p0 + a * p1, q0 + a * q1];
    [n, d] = [d, n - a * d];
  }
  if (d === 0n) return [Math.sign(value) * Number(p1), Number(q1)];
  const k = (1000n - q0) / q1;
  const far = [p0 + k * p1, q0 + k * q1] as const;
  const distance = ([p, q]: readonly [bigint, bigint]): number =>
    Math.abs(Number(p * parts - whole * q)) / Number(q);
  const [p, q] = distance([p1, q1]) <= distance(far) ? [p1, q1] : far;
  return [Math.sign(value) * Number(p), Number(q)];
}

/** A float is a whole number over a power of two. */
function exactFraction(value: number): [bigint, bigint] {
  let [number, parts] = [value, 1n];
  while (!Number.isInteger(number)) [number, parts] = [number * 2, parts * 2n];
  return [BigInt(number), parts];
}

const fractional: Filter = (value, _args, budget) => {
  const number = readFloat(value);
  if (number === null) return textOf(value, budget);
  const strange = notFinite(number);
  if (strange !== null) return strange;
  const whole = Math.trunc(number);
  const [numerator, denominator] = fraction(number - whole);
  if (denominator === 1) return fixed(whole + numerator, 0);
  if (whole === 0) return `${numerator}/${denominator}`;
  return `${fixed(whole, 0)} ${Math.abs(numerator)}/${denominator}`;
};

const HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function scientific(value: number, digits: number): string {
  const [mantissa = "", exponent = ""] = exponential(value, digits).split("e");
  const high = String(Number(exponent))
    .replace("-", "⁻")
    .replace(/\d/g, (digit) => HIGH[Number(digit)] ?? "");
  return `${mantissa} x 10${high}`;
}

const inScience: Filter = (value, args, budget) => {
  const number = readFloat(value);
  if (number === null) return textOf(value, budget);
  return notFinite(number) ?? scientific(number, numberArg(args, 0, "precision", 2));
};

const clamp: Filter = (value, args, budget) => {
  if (value === null || value === undefined) return null;
  const number = needed(value);
  const strange = notFinite(number);
  if (strange !== null) return strange;
  const [floor, ceil] = [arg(args, 0, "floor") ?? null, arg(args, 1, "ceil") ?? null];
  const token = (place: number, name: string, otherwise: string): string =>
    textOf(arg(args, place, name) ?? otherwise, budget);
  const form = token(2, "format", "{:}");
  const say = (shown: Value): string => braceFormat(form, { positional: [shown], named: new Map() }, budget);
  if (floor !== null && number < needed(floor)) return token(3, "floor_token", "<") + say(floor);
  if (ceil !== null && number > needed(ceil)) return token(4, "ceil_token", ">") + say(ceil);
  return say(value);
};

const metric: Filter = (value, args, budget) => {
  const number = needed(value);
  const unit = textOf(arg(args, 0, "unit") ?? "", budget);
  const precision = numberArg(args, 1, "precision", 3);
  const strange = notFinite(number);
  if (strange !== null) return strange;
  const exponent = number === 0 ? 0 : Math.floor(Math.log10(Math.abs(number)));
  if (exponent >= 33 || exponent < -30) return scientific(number, precision - 1) + unit;
  const { text, power } = scaled(number, exponent, precision);
  const prefix = power === 0 ? "" : power > 0 ? "kMGTPEZYRQ"[power - 1] : "mμnpfazyrq"[-power - 1];
  const shown = `${prefix ?? ""}${unit}`;
  return `${text}${shown === "" || ["°", "′", "″"].includes(unit) ? "" : " "}${shown}`;
};

/** A number over a power of 1000, written with so many digits; what rounds up to the next power becomes it. */
function scaled(
  number: number,
  exponent: number,
  precision: number,
): { readonly text: string; readonly power: number } {
  const power = Math.floor(exponent / 3);
  const shown = number / 10 ** (power * 3);
  const place = exponent - power * 3;
  const digits = Math.max(0, precision - place - 1);
  const isCarried = exponent < 30 && rounded(Math.abs(shown), digits) >= 10 ** (place + 1);
  if (!isCarried) return { text: fixed(shown, digits), power };
  const next = Math.floor((exponent + 1) / 3);
  const nextPlace = exponent + 1 - next * 3;
  const value = shown / 10 ** ((next - power) * 3);
  return { text: fixed(value, Math.max(0, precision - nextPlace - 1)), power: next };
}

const SIZES = "kMGTPEZYRQ";

const naturalsize: Filter = (value, args, budget) => {
  const bytes = readFloat(value);
  if (bytes === null) throw new TemplateError(`${nameOfType(value)} is no size`);
  const [isBinary, isGnu] = [arg(args, 0, "binary") === true, arg(args, 1, "gnu") === true];
  const size = Math.abs(bytes);
  const base = isBinary || isGnu ? 1024 : 1000;
  if (size < base) return fewBytes(bytes, isGnu);
  const form = textOf(arg(args, 2, "format") ?? "%.1f", budget);
  const say = (number: number): string => percentFormat(form, float(number), budget);
  let power = Math.trunc(Math.min(Math.log(size) / Math.log(base), SIZES.length));
  if (power < SIZES.length && Math.abs(Number(say(size / base ** power))) >= base) power++;
  return say(bytes / base ** power) + suffix(SIZES[power - 1] ?? "", isBinary, isGnu);
};

function fewBytes(bytes: number, isGnu: boolean): string {
  if (isGnu) return `${Math.trunc(bytes)}B`;
  return `${Math.trunc(bytes)} ${Math.abs(bytes) === 1 ? "Byte" : "Bytes"}`;
}

function suffix(letter: string, isBinary: boolean, isGnu: boolean): string {
  if (isGnu) return letter.toUpperCase();
  return ` ${isBinary ? `${letter.toUpperCase()}i` : letter}B`;
}

export const HUMANIZE_FILTERS: readonly (readonly [string, Filter])[] = [
  ["humanize_apnumber", ofWhole((whole) => DIGITS[whole] ?? String(whole))],
  ["humanize_clamp", clamp],
  ["humanize_deactivate", () => null],
  ["humanize_decimal_separator", () => "."],
  ["humanize_fractional", fractional],
  ["humanize_intcomma", intcomma],
  ["humanize_intword", ofWhole(intword)],
  ["humanize_metric", metric],
  ["humanize_naturalsize", naturalsize],
  ["humanize_ordinal", ofWhole(ordinal)],
  ["humanize_scientific", inScience],
  ["humanize_thousands_separator", () => ","],
  ...HUMANIZE_TIMES,
];

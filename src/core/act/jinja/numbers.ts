/** Numbers as Python writes them to order: so many digits, ties to the even one, signs, groups and padding. */
import { TemplateError } from "./values.ts";

const DIGITS_MAX = 50;

/** `%.2f`. JavaScript rounds ties up, Python to the even digit; which is a tie shows in the exact digits. */
export function fixed(value: number, digits: number): string {
  const places = checked(digits);
  if (!Number.isFinite(value)) return notFinite(value);
  if (Math.abs(value) >= 1e21) {
    return BigInt(value).toString() + (places > 0 ? `.${"0".repeat(places)}` : "");
  }
  const text = value.toFixed(places);
  const exact = Math.abs(value).toFixed(places + 30);
  const rest = exact.slice(exact.length - 30);
  if (!/^50*$/.test(rest)) return text;
  const below = exact.slice(0, exact.length - 30).replace(/\.$/, "");
  return isEven(below) ? (isNegative(value) ? "-" : "") + below : text;
}

const isEven = (digits: string): boolean => "02468".includes(digits.at(-1) ?? "");
const isNegative = (value: number): boolean => value < 0 || Object.is(value, -0);

function checked(digits: number): number {
  if (digits > DIGITS_MAX) throw new TemplateError(`a number may be written with ${DIGITS_MAX} digits`);
  return Math.max(0, Math.trunc(digits));
}

const notFinite = (value: number): string => (Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");

/** `%.2e`: the exponent with two digits at least. */
export function exponential(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  return value.toExponential(checked(digits)).replace(/e([+-])(\d)$/, "e$10$2");
}

/** `%g`: whichever of the two is shorter, without zeros at the end. */
export function general(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const places = Math.max(1, checked(digits));
  const power = value === 0 ? 0 : Number(value.toExponential(places - 1).split("e")[1]);
  const isLong = power < -4 || power >= places;
  const text = isLong ? exponential(value, places - 1) : fixed(value, places - 1 - power);
  const [mantissa = "", exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent}`;
}

/** Rounded to so many digits, below 0 to tens and hundreds; ties to the even one. */
export function rounded(value: number, digits: number): number {
  if (digits >= 0 || !Number.isFinite(value)) return Number(fixed(value, Math.min(digits, DIGITS_MAX)));
  const unit = 10 ** Math.min(-digits, 300);
  const low = Math.floor(value / unit);
  const rest = value - low * unit;
  const isUp = rest * 2 > unit || (rest * 2 === unit && low % 2 !== 0);
  return (isUp ? low + 1 : low) * unit;
}

/** `1234567.5` with a sign between every three digits. */
export function grouped(text: string, sign = ","): string {
  const [, front = "", digits = "", rest = ""] = /^(-?)(\d+)(.*)$/s.exec(text) ?? [];
  return digits === "" ? text : front + digits.replace(/\B(?=(?:\d{3})+$)/g, sign) + rest;
}

export interface Padding {
  readonly width: number;
  readonly fill: string;
  /** Where the text stands; `=` puts the padding after a number's sign. */
  readonly align: "<" | ">" | "^" | "=";
}

/** A text filled up to a width, whose size was asked of the budget before. */
export function padded(text: string, { width, fill, align }: Padding): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  if (align === "<") return text + fill.repeat(missing);
  if (align === ">") return fill.repeat(missing) + text;
  if (align === "^") {
    const left = Math.floor(missing / 2);
    return fill.repeat(left) + text + fill.repeat(missing - left);
  }
  const [sign = ""] = /^[-+ ]?/.exec(text) ?? [];
  return sign + fill.repeat(missing) + text.slice(sign.length);
}

/** The filters that make and change numbers. */
import { fixed, rounded } from "../numbers.ts";
import { textOf } from "../text.ts";
import {
  type Args,
  arg,
  type Filter,
  float,
  isFloat,
  nameOfType,
  numberOf,
  TemplateError,
  type Value,
  whole,
} from "../values.ts";

/** The number argument of this name or place. */
export function numberArg(args: Args, place: number, name: string, otherwise: number): number {
  const value = arg(args, place, name) ?? otherwise;
  const number = numberOf(value);
  if (number === null) throw new TemplateError(`${name} must be a number, not ${nameOfType(value)}`);
  return number;
}

/** A number, or the text of one as Python reads it; null for all else. */
export function readFloat(value: Value): number | null {
  if (typeof value !== "string") return numberOf(value);
  const text = value.trim();
  const named = /^([-+]?)(?:inf(?:inity)?|(nan))$/i.exec(text);
  if (named !== null) return named[2] !== undefined ? Number.NaN : named[1] === "-" ? -Infinity : Infinity;
  const isNumber = /^[-+]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+)?$/.test(
    text,
  );
  return isNumber ? Number(text.replaceAll("_", "")) : null;
}

/** As Python's `int` reads it in a base; null where it does not. */
export function readInt(text: string, base: number): number | null {
  const found = /^([-+]?)(?:0([xob]))?([\da-z]+(?:_[\da-z]+)*)$/i.exec(text.trim().toLowerCase());
  if (found === null) return null;
  const [, sign = "", prefix, digits = ""] = found;
  if (prefix !== undefined && { x: 16, o: 8, b: 2 }[prefix] !== base) return null;
  const plain = digits.replaceAll("_", "");
  if (Array.from(plain).some((digit) => Number.isNaN(Number.parseInt(digit, base)))) return null;
  return whole(Number.parseInt(plain, base) * (sign === "-" ? -1 : 1));
}

function asked(value: Value): Value {
  if (value === undefined) throw new TemplateError("the value is undefined");
  return value;
}

const toInt: Filter = (value, args) => {
  const base = numberArg(args, 1, "base", 10);
  if (!Number.isInteger(base) || base < 2 || base > 36) throw new TemplateError("base must be 2 to 36");
  const exact = typeof value === "string" ? readInt(value, base) : null;
  const number = exact ?? readFloat(asked(value));
  if (number === null || !Number.isFinite(number)) return arg(args, 0, "default") ?? 0;
  return whole(Math.trunc(number));
};

const toFloat: Filter = (value, args) => {
  const number = readFloat(asked(value));
  return number === null ? (arg(args, 0, "default") ?? float(0)) : float(number);
};

const round: Filter = (value, args, budget) => {
  const number = numberOf(value);
  if (number === null) throw new TemplateError(`${nameOfType(value)} cannot be rounded`);
  const digits = numberArg(args, 0, "precision", 0);
  const method = textOf(arg(args, 1, "method") ?? "common", budget);
  if (method === "ceil" || method === "floor") {
    const factor = 10 ** Math.max(-15, Math.min(15, digits));
    return float(Math[method](number * factor) / factor);
  }
  if (method !== "common") throw new TemplateError("method must be common, ceil or floor");
  const result = rounded(number, digits);
  return isFloat(value) ? float(result) : whole(result);
};

const abs: Filter = (value) => {
  const number = numberOf(value);
  if (number === null) throw new TemplateError(`${nameOfType(value)} has no absolute value`);
  return isFloat(value) ? float(Math.abs(number)) : Math.abs(number);
};

const UNITS = ["k", "M", "G", "T", "P", "E", "Z", "Y"];

const fileSize: Filter = (value, args) => {
  const bytes = readFloat(asked(value));
  if (bytes === null) throw new TemplateError(`${nameOfType(value)} is no size`);
  const isBinary = arg(args, 0, "binary") === true;
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const fits = UNITS.findIndex((_, i) => bytes < base ** (i + 2));
  const i = fits < 0 ? UNITS.length - 1 : fits;
  const unit = UNITS[i] ?? "";
  const text = fixed((base * bytes) / base ** (i + 2), 1);
  return `${text} ${isBinary ? `${unit.toUpperCase()}i` : unit}B`;
};

export const NUMBER_FILTERS: readonly (readonly [string, Filter])[] = [
  ["abs", abs],
  ["filesizeformat", fileSize],
  ["float", toFloat],
  ["int", toInt],
  ["round", round],
];

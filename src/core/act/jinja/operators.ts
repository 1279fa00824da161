/** What the operators and tests of expressions do, as Python does it. */
import { reprOf, textOf } from "./text.ts";
import {
  type Budget,
  Callable,
  isDict,
  isList,
  Model,
  nameOfType,
  TemplateError,
  type Value,
} from "./values.ts";

export type Binary = (left: Value, right: Value, budget: Budget) => Value;

export const ARITHMETIC: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ["+", plus],
  ["*", times],
  ["-", numbers("-", (a, b) => a - b)],
  ["/", numbers("/", (a, b) => a / nonZero(b))],
  ["//", numbers("//", (a, b) => Math.floor(a / nonZero(b)))],
  ["%", remainder],
  ["**", numbers("**", (a, b) => a ** b)],
]);

export const COMPARISONS: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ["==", (a, b, budget) => equals(a, b, budget)],
  ["!=", (a, b, budget) => !equals(a, b, budget)],
  ["<", (a, b, budget) => compare(a, b, budget) < 0],
  ["<=", (a, b, budget) => compare(a, b, budget) <= 0],
  [">", (a, b, budget) => compare(a, b, budget) > 0],
  [">=", (a, b, budget) => compare(a, b, budget) >= 0],
  ["in", (a, b, budget) => contains(b, a, budget)],
  ["not in", (a, b, budget) => !contains(b, a, budget)],
]);

/** Truth values count as 0 and 1. */
const asNumber = (value: Value): number | null =>
  typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : null;

function numbers(sign: string, compute: (a: number, b: number) => number): Binary {
  return (left, right) => {
    const a = asNumber(left);
    const b = asNumber(right);
    if (a === null || b === null) throw unsupported(sign, left, right);
    return compute(a, b);
  };
}

const unsupported = (sign: string, left: Value, right: Value): TemplateError =>
  new TemplateError(`${nameOfType(left)} ${sign} ${nameOfType(right)} means nothing`);

function nonZero(divisor: number): number {
  if (divisor === 0) throw new TemplateError("division by zero");
  return divisor;
}

function plus(left: Value, right: Value, budget: Budget): Value {
  if (typeof left === "string" && typeof right === "string") {
    budget.text(left.length + right.length);
    return left + right;
  }
  if (isList(left) && isList(right)) {
    budget.list(left.length + right.length);
    return [...left, ...right];
  }
  return numbers("+", (a, b) => a + b)(left, right, budget);
}

function times(left: Value, right: Value, budget: Budget): Value {
  const [repeated, count] = typeof left === "number" ? [right, left] : [left, asNumber(right)];
  if (count !== null && typeof repeated === "string") {
    budget.text(repeated.length * count);
    return repeated.repeat(Math.max(0, count));
  }
  if (count !== null && isList(repeated)) {
    budget.list(repeated.length * count);
    return Array.from({ length: Math.max(0, count) }, () => repeated).flat();
  }
  return numbers("*", (a, b) => a * b)(left, right, budget);
}

/** Of numbers the remainder with the divisor's sign; of a text, its `%s` filled in. */
function remainder(left: Value, right: Value, budget: Budget): Value {
  if (typeof left === "string") return formatted(left, isList(right) ? right : [right], budget);
  return numbers("%", (a, b) => ((a % nonZero(b)) + b) % b)(left, right, budget);
}

/** Fills the `%s`, `%d`, `%r` and `%.2f` of a text, in order. */
export function formatted(pattern: string, values: readonly Value[], budget: Budget): string {
  let next = 0;
  const text = pattern.replace(/%(?:\.(\d{1,2}))?([sdrf%])/g, (all, digits, letter) => {
    if (letter === "%") return "%";
    if (next >= values.length) throw new TemplateError("not enough values to fill the text");
    const value = values[next++];
    budget.spend(1);
    if (letter === "r") return reprOf(value, budget);
    if (letter === "s") return textOf(value, budget);
    const number = asNumber(value);
    if (number === null) throw new TemplateError(`${String(all)} wants a number, not ${nameOfType(value)}`);
    return letter === "d" ? String(Math.trunc(number)) : number.toFixed(Number(digits ?? 6));
  });
  budget.text(text.length);
  return text;
}

export function equals(a: Value, b: Value, budget: Budget): boolean {
  budget.spend(1);
  if (a === b) return true;
  const number = asNumber(a);
  if (number !== null) return number === asNumber(b);
  if (a instanceof Model || b instanceof Model) return sameModels(a, b, budget);
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((item, i) => equals(item, b[i], budget));
  }
  if (!isDict(a) || !isDict(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equals(a[name], b[name], budget))
  );
}

/** Models are equal to what reads the same: a time to its text. */
const sameModels = (a: Value, b: Value, budget: Budget): boolean =>
  (a instanceof Model || typeof a === "string") &&
  (b instanceof Model || typeof b === "string") &&
  textOf(a, budget) === textOf(b, budget);

/** Below 0, 0 or above: numbers by size, texts by code unit, lists item by item. */
export function compare(a: Value, b: Value, budget: Budget): number {
  budget.spend(1);
  const left = asNumber(a);
  const right = asNumber(b);
  if (left !== null && right !== null) return left - right;
  if (isList(a) && isList(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      if (!equals(a[i], b[i], budget)) return compare(a[i], b[i], budget);
    }
    return a.length - b.length;
  }
  const comparable = (value: Value): value is string | Model =>
    typeof value === "string" || value instanceof Model;
  if (!comparable(a) || !comparable(b)) throw unsupported("<", a, b);
  const [first, second] = [textOf(a, budget), textOf(b, budget)];
  return first === second ? 0 : first < second ? -1 : 1;
}

function contains(whole: Value, part: Value, budget: Budget): boolean {
  if (typeof whole === "string") {
    if (typeof part !== "string") throw unsupported("in", part, whole);
    budget.spend(Math.ceil(whole.length / 16));
    return whole.includes(part);
  }
  if (isList(whole)) return whole.some((item) => equals(item, part, budget));
  if (isDict(whole)) return typeof part === "string" && Object.hasOwn(whole, part);
  if (whole === undefined) return false;
  if (!(whole instanceof Model)) throw unsupported("in", part, whole);
  return typeof part === "string" && whole.item(part) !== undefined;
}

export type Test = (value: Value, args: readonly Value[], budget: Budget) => boolean;

const comparison =
  (sign: string): Test =>
  (value, [other], budget) =>
    COMPARISONS.get(sign)?.(value, other, budget) === true;

const isMapping: Test = (value) => isDict(value) || (value instanceof Model && value.entries() !== null);

export const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ["defined", (value) => value !== undefined],
  ["undefined", (value) => value === undefined],
  ["none", (value) => value === null],
  ["boolean", (value) => typeof value === "boolean"],
  ["true", (value) => value === true],
  ["false", (value) => value === false],
  ["number", (value) => typeof value === "number" || typeof value === "boolean"],
  ["integer", (value) => Number.isInteger(value)],
  ["float", (value) => typeof value === "number" && !Number.isInteger(value)],
  ["string", (value) => typeof value === "string"],
  ["mapping", isMapping],
  [
    "sequence",
    (value, args, budget) => typeof value === "string" || isList(value) || isMapping(value, args, budget),
  ],
  [
    "iterable",
    (value, args, budget) => typeof value === "string" || isList(value) || isMapping(value, args, budget),
  ],
  ["callable", (value) => value instanceof Callable],
  ["odd", (value) => typeof value === "number" && Math.abs(value % 2) === 1],
  ["even", (value) => typeof value === "number" && value % 2 === 0],
  ["divisibleby", (value, [by]) => typeof value === "number" && typeof by === "number" && value % by === 0],
  ["lower", (value) => typeof value === "string" && value !== "" && value === value.toLowerCase()],
  ["upper", (value) => typeof value === "string" && value !== "" && value === value.toUpperCase()],
  ["sameas", (value, [other]) => value === other],
  ["in", (value, [whole], budget) => contains(whole, value, budget)],
  ["eq", (value, [other], budget) => equals(value, other, budget)],
  ["equalto", (value, [other], budget) => equals(value, other, budget)],
  ["ne", comparison("!=")],
  ["lt", comparison("<")],
  ["lessthan", comparison("<")],
  ["le", comparison("<=")],
  ["gt", comparison(">")],
  ["greaterthan", comparison(">")],
  ["ge", comparison(">=")],
]);

/** What the operators of expressions do, as Python does it. */
import { percentFormat } from "./format.ts";
import { textOf } from "./text.ts";
import {
  type Budget,
  float,
  isDict,
  isFloat,
  isList,
  Model,
  nameOfType,
  numberOf,
  Once,
  Row,
  row,
  TemplateError,
  type Value,
  whole,
} from "./values.ts";

export type Binary = (left: Value, right: Value, budget: Budget) => Value;

export const ARITHMETIC: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ["+", plus],
  ["*", times],
  ["-", minus],
  ["/", numbers("/", (a, b) => a / nonZero(b), "float")],
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

/** Of whole numbers a whole number, unless the sign always gives a float; of floats a float. */
function numbers(sign: string, compute: (a: number, b: number) => number, always?: "float"): Binary {
  return (left, right) => {
    const a = numberOf(left);
    const b = numberOf(right);
    if (a === null || b === null) throw unsupported(sign, left, right);
    const result = compute(a, b);
    if (always === "float" || isFloat(left) || isFloat(right)) return float(result);
    return Number.isInteger(result) ? whole(result) : result;
  };
}

const added = numbers("+", (a, b) => a + b);
const lessened = numbers("-", (a, b) => a - b);
const multiplied = numbers("*", (a, b) => a * b);

const unsupported = (sign: string, left: Value, right: Value): TemplateError =>
  new TemplateError(`${nameOfType(left)} ${sign} ${nameOfType(right)} means nothing`);

function nonZero(divisor: number): number {
  if (divisor === 0) throw new TemplateError("division by zero");
  return divisor;
}

const isTuple = (list: readonly Value[]): boolean => list instanceof Row && list.kind === "tuple";

function plus(left: Value, right: Value, budget: Budget): Value {
  if (typeof left === "number" && typeof right === "number") return added(left, right, budget);
  if (typeof left === "string" && typeof right === "string") {
    budget.text(left.length + right.length);
    return left + right;
  }
  if (isList(left) && isList(right)) {
    budget.list(left.length + right.length);
    if (isTuple(left) !== isTuple(right)) throw unsupported("+", left, right);
    return isTuple(left) ? row([...left, ...right]) : [...left, ...right];
  }
  if (left instanceof Model) return left.plus(right, 1);
  if (right instanceof Model) return right.plus(left, 1);
  return added(left, right, budget);
}

function minus(left: Value, right: Value, budget: Budget): Value {
  if (left instanceof Model) return left.plus(right, -1);
  return lessened(left, right, budget);
}

export function negated(value: Value): Value {
  const number = numberOf(value);
  if (number === null) throw new TemplateError(`-${nameOfType(value)} means nothing`);
  return isFloat(value) ? float(-number) : whole(-number);
}

function times(left: Value, right: Value, budget: Budget): Value {
  const [repeated, count] = isWhole(left) ? [right, left] : [left, isWhole(right) ? right : null];
  if (count !== null && typeof repeated === "string") {
    budget.text(repeated.length * Number(count));
    return repeated.repeat(Math.max(0, Number(count)));
  }
  if (count !== null && isList(repeated)) {
    budget.list(repeated.length * Number(count));
    const items = Array.from({ length: Math.max(0, Number(count)) }, () => [...repeated]).flat();
    return isTuple(repeated) ? row(items) : items;
  }
  return multiplied(left, right, budget);
}

const isWhole = (value: Value): value is number | boolean =>
  typeof value === "boolean" || (typeof value === "number" && Number.isInteger(value));

/** Of numbers the remainder with the divisor's sign; of a text, its `%s` filled in. */
function remainder(left: Value, right: Value, budget: Budget): Value {
  if (typeof left === "string") return percentFormat(left, right, budget);
  return numbers("%", (a, b) => {
    const rest = a % nonZero(b);
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  })(left, right, budget);
}

export function equals(a: Value, b: Value, budget: Budget): boolean {
  budget.spend(1);
  if (a === b) return true;
  const number = numberOf(a);
  if (number !== null) return number === numberOf(b);
  if (a instanceof Model || b instanceof Model) return sameModels(a, b, budget);
  if (isList(a)) {
    return (
      isList(b) &&
      isTuple(a) === isTuple(b) &&
      a.length === b.length &&
      a.every((item, i) => equals(item, b[i], budget))
    );
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
  const left = numberOf(a);
  const right = numberOf(b);
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

export function contains(all: Value, part: Value, budget: Budget): boolean {
  if (typeof all === "string") {
    if (typeof part !== "string") throw unsupported("in", part, all);
    budget.spend(Math.ceil(all.length / 16));
    return all.includes(part);
  }
  if (isList(all)) return all.some((item) => equals(item, part, budget));
  if (isDict(all)) return typeof part === "string" && Object.hasOwn(all, part);
  if (all === undefined) return false;
  if (all instanceof Once) return all.take().some((item) => equals(item, part, budget));
  if (!(all instanceof Model)) throw unsupported("in", part, all);
  return typeof part === "string" && all.item(part) !== undefined;
}

/** The tests of expressions: `x is odd`. */
import { COMPARISONS, contains, equals } from "./operators.ts";
import {
  type Budget,
  Callable,
  isDict,
  isFloat,
  isList,
  Model,
  nameOfType,
  numberOf,
  Once,
  TemplateError,
  type Value,
} from "./values.ts";

export type Test = (value: Value, args: readonly Value[], budget: Budget) => boolean;

const comparison =
  (sign: string): Test =>
  (value, [other], budget) =>
    COMPARISONS.get(sign)?.(value, other, budget) === true;

const isMapping: Test = (value) => isDict(value);

const isSequence = (value: Value): boolean =>
  typeof value === "string" ||
  isList(value) ||
  isDict(value) ||
  (value instanceof Model && value.items() !== null);

function asked(value: Value): number {
  const number = numberOf(value);
  if (number === null) throw new TemplateError(`${nameOfType(value)} is no number`);
  return number;
}

const hasCase = (text: string): boolean => text.toLowerCase() !== text.toUpperCase();

export const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ["defined", (value) => value !== undefined],
  ["undefined", (value) => value === undefined],
  ["none", (value) => value === null],
  ["boolean", (value) => typeof value === "boolean"],
  ["true", (value) => value === true],
  ["false", (value) => value === false],
  ["number", (value) => numberOf(value) !== null],
  ["integer", (value) => typeof value === "number" && Number.isInteger(value)],
  ["float", isFloat],
  ["string", (value) => typeof value === "string"],
  ["mapping", isMapping],
  ["sequence", (value) => isSequence(value) || value === undefined],
  ["iterable", (value) => isSequence(value) || value === undefined || value instanceof Once],
  ["callable", (value) => value instanceof Callable],
  ["odd", (value) => Math.abs(asked(value) % 2) === 1],
  ["even", (value) => asked(value) % 2 === 0],
  ["divisibleby", (value, [by]) => asked(value) % asked(by) === 0],
  ["lower", (value) => typeof value === "string" && value === value.toLowerCase() && hasCase(value)],
  ["upper", (value) => typeof value === "string" && value === value.toUpperCase() && hasCase(value)],
  // There is no markup type: nothing remembers that it was escaped.
  ["escaped", () => false],
  ["test", (value) => typeof value === "string" && TESTS.has(value)],
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

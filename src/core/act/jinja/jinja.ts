/**
 * Jinja as Prefect's parameters use it, within a budget: no template can hang, grow without bound or reach anything
 * but what it is given. Written here because the ready-made engine bounds steps only, not memory: `{{ 'x' * 1000000000 }}`
 * takes it 11 s and 3 GB that its WebAssembly never gives back, and a stack that runs out leaves it unusable. The tests
 * hold that engine beside this one as the judge.
 */
import { ExpressionParser } from "./expressions.ts";
import { Output, Scope } from "./frames.ts";
import { cut } from "./lexer.ts";
import { Cycler, joiner } from "./makers.ts";
import { TemplateParser, whole } from "./statements.ts";
import { textOf } from "./text.ts";
import {
  type Args,
  type Budget,
  Callable,
  type Dict,
  isDict,
  isList,
  itemsOf,
  Namespace,
  nameOfType,
  type Run,
  row,
  TemplateError,
  type Value,
} from "./values.ts";

export { attributeOf } from "./access.ts";
export { methodOf } from "./methods.ts";
export { jsonOf, quoted, reprOf, textOf } from "./text.ts";
export { SpanModel, strftime, TimeModel } from "./times.ts";
export { Budget, type Callable, type Dict, Model, row, TemplateError, type Value } from "./values.ts";

/** The names a template may use, beside those it gives itself. */
export type Names = (name: string) => Value;

export type Render<T> = (names: Names, budget: Budget) => T;

const SOURCE_MAX = 65_536;
const PIECES_MAX = 2_000;

/** A template that gives text. */
export function compileText(source: string): Render<string> {
  const template = new TemplateParser(piecesOf(source)).template();
  return (names, budget) => {
    const out = new Output();
    template(new Scope(runWith(names, budget)), out);
    return out.text;
  };
}

/** A template that is one expression and gives its value. */
export function compileValue(source: string): Render<Value> {
  const [piece, ...more] = piecesOf(source.trim());
  if (piece?.kind !== "output" || more.length > 0) throw new TemplateError("expected one expression");
  const value = whole(new ExpressionParser(piece.tokens));
  return (names, budget) => value(runWith(names, budget));
}

function piecesOf(source: string): ReturnType<typeof cut> {
  if (source.length > SOURCE_MAX) {
    throw new TemplateError(`a template may be ${SOURCE_MAX} characters long`);
  }
  const pieces = cut(source);
  if (pieces.length > PIECES_MAX) throw new TemplateError(`a template may have ${PIECES_MAX} tags and texts`);
  return pieces;
}

const runWith = (names: Names, budget: Budget): Run => ({
  budget,
  lookup: (name) => (GLOBALS.has(name) ? GLOBALS.get(name) : names(name)),
});

/** As in Prefect. */
const RANGE_MAX = 100;

const range = new Callable(({ positional }) => {
  if (positional.length === 0) throw new TemplateError("range expected at least 1 argument, got 0");
  const [first = 0, second, step = 1] = positional.map((value) =>
    typeof value === "number" ? value : Number.NaN,
  );
  const [from, to] = second === undefined ? [0, first] : [first, second];
  if (!Number.isInteger(from) || !Number.isInteger(to) || !Number.isInteger(step) || step === 0) {
    throw new TemplateError("range wants whole numbers, and a step that is not zero");
  }
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (length > RANGE_MAX)
    throw new TemplateError(`Range too big. The sandbox blocks ranges larger than ${RANGE_MAX}.`);
  const kind = `range(${from}, ${to}${step === 1 ? "" : `, ${step}`})`;
  return row(
    Array.from({ length }, (_, i) => from + i * step),
    kind,
  );
});

/** Of a dictionary or of pairs, and of what is named. */
function fieldsOf({ positional, named }: Args, budget: Budget): Dict {
  const [first] = positional;
  const pairs =
    first === undefined ? [] : isDict(first) ? Object.entries(first) : itemsOf(first, budget).map(pairOf);
  budget.list(pairs.length);
  return Object.fromEntries([...pairs.map(([name, value]) => [textOf(name, budget), value]), ...named]);
}

function pairOf(value: Value): readonly [Value, Value] {
  if (!isList(value) || value.length !== 2) throw new TemplateError(`${nameOfType(value)} is no pair`);
  return [value[0], value[1]];
}

const GLOBALS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["range", range],
  ["dict", new Callable(fieldsOf)],
  [
    "namespace",
    new Callable((args, budget) => new Namespace(new Map(Object.entries(fieldsOf(args, budget))))),
  ],
  ["cycler", new Callable(({ positional }) => new Cycler(positional))],
  ["joiner", new Callable(({ positional: [between = ", "] }) => joiner(between))],
]);

/** What values are given to: one name, or several that a value of several parts is spread over. */
import type { ExpressionParser } from "./expressions.ts";
import type { Scope } from "./frames.ts";
import { isDict, isList, Model, Namespace, Once, TemplateError, type Value } from "./values.ts";

export type Target = string | readonly Target[];

/** No value may be spread deeper. */
const NESTING_MAX = 10;

/** `a`, `a, b` or `a, (b, c)`. */
export function targetOf(parser: ExpressionParser, depth = 0): Target {
  if (depth > NESTING_MAX) throw parser.error("the names are nested too deeply");
  const one = (): Target => {
    if (!parser.take("(")) return parser.name();
    const inner = targetOf(parser, depth + 1);
    parser.expect(")");
    return typeof inner === "string" ? [inner] : inner;
  };
  const first = one();
  if (!parser.isAt(",")) return first;
  const all = [first];
  while (parser.take(",")) all.push(one());
  return all;
}

export function assign(target: Target, value: Value, scope: Scope): void {
  if (typeof target === "string") {
    scope.set(target, value);
    return;
  }
  const parts = partsOf(value);
  if (parts === null || parts.length !== target.length) {
    throw new TemplateError(`expected ${target.length} values to unpack`);
  }
  target.forEach((one, i) => {
    assign(one, parts[i], scope);
  });
}

function partsOf(value: Value): readonly Value[] | null {
  if (isList(value)) return value;
  if (value instanceof Once) return value.take();
  if (typeof value === "string") return Array.from(value);
  if (isDict(value)) return Object.keys(value);
  return value instanceof Model ? value.items() : null;
}

export function setField(of: Value, field: string, value: Value): void {
  if (!(of instanceof Namespace)) throw new TemplateError("only the fields of a namespace can be set");
  of.set(field, value);
}

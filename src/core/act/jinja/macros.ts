/** Macros: pieces of a template with a name and parameters, written where they are called. */
import type { Expression } from "./arguments.ts";
import type { ExpressionParser } from "./expressions.ts";
import { Scope, type Statement, written } from "./frames.ts";
import { type Args, Callable, row, type Value } from "./values.ts";

interface Parameter {
  readonly name: string;
  readonly otherwise: Expression | null;
}

/** `(a, b=1)`, the opening parenthesis taken already. */
export function parametersOf(parser: ExpressionParser): readonly Parameter[] {
  const parameters: Parameter[] = [];
  while (!parser.take(")")) {
    const name = parser.name();
    parameters.push({ name, otherwise: parser.take("=") ? parser.expression() : null });
    if (!parser.isAt(")")) parser.expect(",");
  }
  return parameters;
}

/** No name that a template can write: what stands within a `call`, for the macro that is called there. */
export const CALLER = "(caller)";

interface Macro {
  readonly parameters: readonly Parameter[];
  readonly body: Statement;
}

/** What calls a macro: it sees the names around its definition, and its parameters. */
export const macroIn = ({ parameters, body }: Macro, scope: Scope): Callable =>
  new Callable((args, budget) => {
    budget.spend(1 + parameters.length);
    const inner = new Scope(scope);
    parameters.forEach((parameter, i) => {
      inner.set(parameter.name, valueOf(parameter, args, i, inner));
    });
    const known = new Set([CALLER, ...parameters.map((parameter) => parameter.name)]);
    inner.set("varargs", row(args.positional.slice(parameters.length)));
    inner.set("kwargs", Object.fromEntries(Array.from(args.named).filter(([given]) => !known.has(given))));
    inner.set("caller", args.named.get(CALLER));
    return budget.nested(() => written(body, inner));
  });

function valueOf({ name, otherwise }: Parameter, args: Args, i: number, scope: Scope): Value {
  if (i < args.positional.length) return args.positional[i];
  if (args.named.has(name)) return args.named.get(name);
  return otherwise?.(scope);
}

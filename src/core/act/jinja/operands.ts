/** Operands of expressions: literals, names, steps into values, calls, filters and tests. */
import { attributeOf, called, itemOf, sliceOf } from "./access.ts";
import {
  type Arguments,
  type Expression,
  type Gather,
  gathered,
  NO_ARGUMENTS,
  spreadItems,
  spreadNames,
} from "./arguments.ts";
import { FILTERS, REFUSED_FILTERS } from "./filters/filters.ts";
import { Cursor, KEYWORDS } from "./lexer.ts";
import { methodOf } from "./methods.ts";
import { negated } from "./operators.ts";
import { TESTS, type Test } from "./tests.ts";
import { textOf } from "./text.ts";
import { float, isList, type Run, row, type Value, whole } from "./values.ts";

/** No expression has more parts or is nested deeper, so that computing it cannot run out of stack. */
const PARTS_MAX = 1000;
const NESTING_MAX = 50;

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);

export abstract class OperandParser extends Cursor {
  #parts = 0;
  #depth = 0;

  abstract expression(): Expression;

  protected part(compute: Expression): Expression {
    if (++this.#parts > PARTS_MAX) throw this.error("the expression has too many parts");
    return (run) => {
      run.budget.spend(1);
      return compute(run);
    };
  }

  protected deeper(read: () => Expression): Expression {
    if (++this.#depth > NESTING_MAX) throw this.error("the expression is nested too deeply");
    const value = read();
    this.#depth--;
    return value;
  }

  /** A value with its signs, its steps into it and, unless a sign stands before it, its filters. */
  protected operand(withFilters: boolean): Expression {
    return this.deeper(() => {
      const value = this.#postfix(this.#signed());
      return withFilters ? this.#filters(value) : value;
    });
  }

  #signed(): Expression {
    if (this.take("+")) return this.operand(false);
    if (!this.take("-")) return this.#primary();
    const of = this.operand(false);
    return this.part((run) => negated(of(run)));
  }

  #primary(): Expression {
    const { kind, text } = this.token;
    if (kind === "string") return this.#strings();
    if (kind === "number") {
      this.skip();
      const number = literal(text);
      return this.part(() => number);
    }
    if (this.take("(")) return this.#tuple();
    if (this.take("[")) return this.#list("]");
    if (this.take("{")) return this.#dict();
    if (kind !== "name" || KEYWORDS.has(text)) throw this.unexpected("expected an expression");
    this.skip();
    if (text === "lipsum") throw this.error("lipsum is not allowed: a replay must give the same result");
    if (CONSTANTS.has(text)) return this.part(() => CONSTANTS.get(text));
    return this.part((run) => run.lookup(text));
  }

  /** Strings side by side are one. */
  #strings(): Expression {
    let text = "";
    for (; this.token.kind === "string"; this.skip()) text += this.token.text;
    return this.part(() => text);
  }

  #tuple(): Expression {
    if (this.take(")")) return this.part(() => row([]));
    const first = this.expression();
    if (this.take(")")) return first;
    this.expect(",");
    const items = this.#list(")", [first]);
    return this.part((run) => {
      const value = items(run);
      return isList(value) ? row(value) : value;
    });
  }

  #list(close: string, before: readonly Expression[] = []): Expression {
    const items = [...before];
    this.#separated(close, () => items.push(this.expression()));
    return this.part((run) => items.map((item) => item(run)));
  }

  #dict(): Expression {
    const entries: (readonly [Expression, Expression])[] = [];
    this.#separated("}", () => {
      const name = this.expression();
      this.expect(":");
      entries.push([name, this.expression()]);
    });
    return this.part((run) =>
      Object.fromEntries(entries.map(([k, v]) => [textOf(k(run), run.budget), v(run)])),
    );
  }

  /** Reads what commas part, up to the closing sign; the last comma may close it too. */
  #separated(close: string, read: () => void): void {
    while (!this.take(close)) {
      read();
      if (this.take(",")) continue;
      this.expect(close);
      return;
    }
  }

  #postfix(of: Expression): Expression {
    let value = of;
    for (;;) {
      if (this.take(".")) value = this.#attribute(value);
      else if (this.take("[")) value = this.#subscript(value);
      else if (this.take("(")) value = this.#call(value);
      else return value;
    }
  }

  #attribute(of: Expression): Expression {
    const { kind, text } = this.token;
    if (kind !== "name" && kind !== "number") throw this.unexpected("expected name or number");
    this.skip();
    if (kind === "number") return this.part((run) => itemOf(of(run), Number(text)));
    if (!this.take("(")) return this.part((run) => attributeOf(of(run), text));
    const args = this.arguments();
    return this.part((run) => {
      const value = of(run);
      const method = methodOf(value, text) ?? attributeOf(value, text);
      return called(method, text, args(run), run.budget);
    });
  }

  #subscript(of: Expression): Expression {
    const parts: (Expression | null)[] = [];
    let isSlice = false;
    while (!this.take("]")) {
      if (this.take(":")) {
        isSlice = true;
        if (parts.length === 0) parts.push(null);
        const isOpen = this.token.text === ":" || this.token.text === "]";
        parts.push(isOpen ? null : this.expression());
      } else if (parts.length === 0) parts.push(this.expression());
      else throw this.unexpected("expected ']'");
    }
    const [key] = parts;
    if (key === undefined) throw this.error("expected subscript expression");
    if (!isSlice && key !== null) return this.part((run) => itemOf(of(run), key(run)));
    const bounds = (run: Run): readonly Value[] => parts.map((part) => part?.(run));
    return this.part((run) => sliceOf(of(run), bounds(run), run.budget));
  }

  #call(callee: Expression): Expression {
    const args = this.arguments();
    return this.part((run) => called(callee(run), "the value", args(run), run.budget));
  }

  /** Up to the closing parenthesis; the opening one is taken already. */
  arguments(): Arguments {
    const gather: Gather[] = [];
    let hasNames = false;
    this.#separated(")", () => {
      const next = this.peek(1);
      if (this.take("**")) gather.push(spreadNames(this.expression()));
      else if (this.take("*")) gather.push(spreadItems(this.expression()));
      else if (this.token.kind === "name" && next.kind === "sign" && next.text === "=") {
        const name = this.name();
        this.expect("=");
        const value = this.expression();
        hasNames = true;
        gather.push((to, run) => to.named.set(name, value(run)));
      } else {
        if (hasNames) throw this.error("invalid syntax for function call expression");
        const value = this.expression();
        gather.push((to, run) => to.positional.push(value(run)));
      }
    });
    return (run) => gathered(gather, run);
  }

  #filters(of: Expression): Expression {
    let value = of;
    for (;;) {
      if (this.take("|")) value = this.part(this.filter(value));
      else if (this.token.kind === "name" && this.take("is")) value = this.#test(value);
      else return this.token.text === "(" && value !== of ? this.#postfix(value) : value;
    }
  }

  /** A filter's name and arguments, applied to a value. */
  filter(of: Expression): Expression {
    const name = this.name();
    const filter = FILTERS.get(name);
    if (filter === undefined) throw this.error(REFUSED_FILTERS.get(name) ?? `No filter named '${name}'.`);
    const args = this.take("(") ? this.arguments() : NO_ARGUMENTS;
    return (run) => {
      const value = of(run);
      run.budget.reading(value);
      return filter(value, args(run), run.budget, run);
    };
  }

  #test(of: Expression): Expression {
    const isNegated = this.take("not");
    const { text: name } = this.token;
    this.skip();
    const test = name === "filter" ? isFilter : TESTS.get(name);
    if (test === undefined) throw this.error(`No test named '${name}'.`);
    const args = this.take("(") ? this.arguments() : this.#bareArgument();
    return this.part((run) => {
      const value = of(run);
      run.budget.reading(value);
      return test(value, args(run).positional, run.budget) !== isNegated;
    });
  }

  /** `is divisibleby 3`: one argument may stand without parentheses. */
  #bareArgument(): Arguments {
    const { kind, text } = this.token;
    const stands = kind === "string" || kind === "number" || text === "[" || text === "{";
    const isName = kind === "name" && !KEYWORDS.has(text);
    if (!stands && !isName) return NO_ARGUMENTS;
    const value = this.#postfix(this.#primary());
    return (run) => ({ positional: [value(run)], named: new Map() });
  }
}

const isFilter: Test = (value) => typeof value === "string" && FILTERS.has(value);

/** A number as it is written: whole, or a float where it has a point or an exponent. */
function literal(text: string): Value {
  const number = Number(text);
  return /^0[xob]/i.test(text) || !/[.e]/i.test(text) ? whole(number) : float(number);
}

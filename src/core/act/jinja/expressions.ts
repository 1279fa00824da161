/** Expressions: parsed once into functions that compute them. Precedence as in Jinja. */
import { attributeOf, called, itemOf, methodOf, sliceOf } from "./access.ts";
import { FILTERS } from "./filters.ts";
import { Cursor, KEYWORDS } from "./lexer.ts";
import { ARITHMETIC, COMPARISONS, TESTS } from "./operators.ts";
import { textOf } from "./text.ts";
import { type Args, type Budget, isTrue, type Value } from "./values.ts";

/** What an expression may look at while it is computed. */
export interface Run {
  readonly budget: Budget;
  readonly lookup: (name: string) => Value;
}

export type Expression = (run: Run) => Value;

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

type Arguments = (run: Run) => Args;

export class ExpressionParser extends Cursor {
  #parts = 0;
  #depth = 0;

  /** A whole expression; `a if b else c` included, unless a loop wants the `if` for itself. */
  expression(withChoice = true): Expression {
    if (++this.#depth > NESTING_MAX) throw this.error("the expression is nested too deeply");
    let value = this.#or();
    while (withChoice && this.take("if")) {
      const [then, condition] = [value, this.#or()];
      const otherwise: Expression = this.take("else") ? this.expression() : () => undefined;
      value = this.#part((run) => (isTrue(condition(run)) ? then(run) : otherwise(run)));
    }
    this.#depth--;
    return value;
  }

  #part(compute: Expression): Expression {
    if (++this.#parts > PARTS_MAX) throw this.error("the expression has too many parts");
    return (run) => {
      run.budget.spend(1);
      return compute(run);
    };
  }

  #or(): Expression {
    return this.#logical(
      this.#chain("or", () => this.#and()),
      isTrue,
    );
  }

  #and(): Expression {
    return this.#logical(
      this.#chain("and", () => this.#not()),
      (value) => !isTrue(value),
    );
  }

  #chain(sign: string, next: () => Expression): readonly Expression[] {
    const parts = [next()];
    while (this.take(sign)) parts.push(next());
    return parts;
  }

  /** The first value that settles it, else the last. */
  #logical(parts: readonly Expression[], settles: (value: Value) => boolean): Expression {
    if (parts[0] !== undefined && parts.length === 1) return parts[0];
    return this.#part((run) => {
      let value: Value;
      for (const part of parts) {
        value = part(run);
        if (settles(value)) return value;
      }
      return value;
    });
  }

  #not(): Expression {
    if (!this.take("not")) return this.#comparison();
    if (++this.#depth > NESTING_MAX) throw this.error("the expression is nested too deeply");
    const value = this.#not();
    this.#depth--;
    return this.#part((run) => !isTrue(value(run)));
  }

  #comparison(): Expression {
    const first = this.#sum();
    const rest: { readonly sign: string; readonly value: Expression }[] = [];
    for (let sign = this.#comparisonSign(); sign !== null; sign = this.#comparisonSign()) {
      rest.push({ sign, value: this.#sum() });
    }
    if (rest.length === 0) return first;
    return this.#part((run) => {
      let left = first(run);
      return rest.every(({ sign, value }) => {
        const right = value(run);
        const holds = COMPARISONS.get(sign)?.(left, right, run.budget) === true;
        left = right;
        return holds;
      });
    });
  }

  #comparisonSign(): string | null {
    const { kind, text } = this.token;
    if (kind === "name" && text === "not" && this.peek(1).text === "in") {
      this.skip();
      this.skip();
      return "not in";
    }
    if ((kind !== "sign" && text !== "in") || !COMPARISONS.has(text)) return null;
    this.skip();
    return text;
  }

  #sum(): Expression {
    return this.#arithmetic(["+", "-"], () => this.#concatenation());
  }

  #arithmetic(signs: readonly string[], next: () => Expression): Expression {
    let left = next();
    for (;;) {
      const sign = signs.find((one) => this.isAt(one));
      if (sign === undefined) return left;
      this.skip();
      const [before, after] = [left, next()];
      left = this.#part((run) => ARITHMETIC.get(sign)?.(before(run), after(run), run.budget));
    }
  }

  #concatenation(): Expression {
    const parts = this.#chain("~", () => this.#product());
    if (parts[0] !== undefined && parts.length === 1) return parts[0];
    return this.#part((run) => {
      let text = "";
      for (const part of parts) {
        const piece = textOf(part(run), run.budget);
        run.budget.text(text.length + piece.length);
        text += piece;
      }
      return text;
    });
  }

  #product(): Expression {
    return this.#arithmetic(["*", "/", "//", "%"], () => this.#power());
  }

  #power(): Expression {
    return this.#arithmetic(["**"], () => this.#unary(true));
  }

  #unary(withFilters: boolean): Expression {
    if (++this.#depth > NESTING_MAX) throw this.error("the expression is nested too deeply");
    let value: Expression;
    if (this.take("-")) {
      const of = this.#unary(false);
      value = this.#part((run) => ARITHMETIC.get("-")?.(0, of(run), run.budget));
    } else if (this.take("+")) value = this.#unary(false);
    else value = this.#primary();
    value = this.#postfix(value);
    if (withFilters) value = this.#filters(value);
    this.#depth--;
    return value;
  }

  #primary(): Expression {
    const { kind, text } = this.token;
    if (kind === "string") return this.#strings();
    if (kind === "number") {
      this.skip();
      return this.#part(() => Number(text));
    }
    if (this.take("(")) return this.#tuple();
    if (this.take("[")) return this.#list("]");
    if (this.take("{")) return this.#dict();
    if (kind !== "name" || KEYWORDS.has(text)) throw this.unexpected("expected an expression");
    this.skip();
    if (CONSTANTS.has(text)) return this.#part(() => CONSTANTS.get(text));
    return this.#part((run) => run.lookup(text));
  }

  /** Strings side by side are one. */
  #strings(): Expression {
    let text = "";
    for (; this.token.kind === "string"; this.skip()) text += this.token.text;
    return this.#part(() => text);
  }

  #tuple(): Expression {
    if (this.take(")")) return this.#part(() => []);
    const first = this.expression();
    if (this.take(")")) return first;
    this.expect(",");
    return this.#list(")", [first]);
  }

  #list(close: string, before: readonly Expression[] = []): Expression {
    const items = [...before];
    this.#separated(close, () => items.push(this.expression()));
    return this.#part((run) => items.map((item) => item(run)));
  }

  #dict(): Expression {
    const entries: (readonly [Expression, Expression])[] = [];
    this.#separated("}", () => {
      const name = this.expression();
      this.expect(":");
      entries.push([name, this.expression()]);
    });
    return this.#part((run) =>
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
    if (kind === "number") return this.#part((run) => itemOf(of(run), Number(text)));
    if (!this.take("(")) return this.#part((run) => attributeOf(of(run), text));
    const args = this.#arguments();
    return this.#part((run) => {
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
    if (!isSlice && key !== null) return this.#part((run) => itemOf(of(run), key(run)));
    const bounds = (run: Run): readonly Value[] => parts.map((part) => part?.(run));
    return this.#part((run) => sliceOf(of(run), bounds(run), run.budget));
  }

  #call(callee: Expression): Expression {
    const args = this.#arguments();
    return this.#part((run) => called(callee(run), "the value", args(run), run.budget));
  }

  /** Up to the closing parenthesis; the opening one is taken already. */
  #arguments(): Arguments {
    const positional: Expression[] = [];
    const named: (readonly [string, Expression])[] = [];
    this.#separated(")", () => {
      const next = this.peek(1);
      if (this.token.kind === "name" && next.kind === "sign" && next.text === "=") {
        const name = this.name();
        this.expect("=");
        named.push([name, this.expression()]);
      } else positional.push(this.expression());
    });
    return (run) => ({
      positional: positional.map((value) => value(run)),
      named: new Map(named.map(([name, value]) => [name, value(run)])),
    });
  }

  #filters(of: Expression): Expression {
    let value = of;
    for (;;) {
      if (this.take("|")) value = this.#part(this.filter(value));
      else if (this.token.kind === "name" && this.take("is")) value = this.#test(value);
      else return this.token.text === "(" && value !== of ? this.#postfix(value) : value;
    }
  }

  /** A filter's name and arguments, applied to a value. */
  filter(of: Expression): Expression {
    const name = this.name();
    const filter = FILTERS.get(name);
    if (filter === undefined) throw this.error(`No filter named '${name}'.`);
    const args = this.take("(") ? this.#arguments() : NO_ARGUMENTS;
    return (run) => {
      const value = of(run);
      if (typeof value === "string") run.budget.spend(Math.ceil(value.length / 16));
      return filter(value, args(run), run.budget);
    };
  }

  #test(of: Expression): Expression {
    const isNegated = this.take("not");
    const { text: name } = this.token;
    this.skip();
    const test = TESTS.get(name);
    if (test === undefined) throw this.error(`No test named '${name}'.`);
    const args = this.take("(") ? this.#arguments() : this.#bareArgument();
    return this.#part((run) => test(of(run), args(run).positional, run.budget) !== isNegated);
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

const NO_ARGUMENTS: Arguments = () => ({ positional: [], named: new Map() });

/** Expressions: parsed once into functions that compute them. Precedence as in Jinja. */
import type { Expression } from "./arguments.ts";
import { OperandParser } from "./operands.ts";
import { ARITHMETIC, COMPARISONS } from "./operators.ts";
import { textOf } from "./text.ts";
import { isTrue, row, type Value } from "./values.ts";

export class ExpressionParser extends OperandParser {
  /** A whole expression; `a if b else c` included, unless a loop wants the `if` for itself. */
  expression(withChoice = true): Expression {
    return this.deeper(() => this.#choice(withChoice));
  }

  #choice(withChoice: boolean): Expression {
    let value = this.#or();
    while (withChoice && this.take("if")) {
      const [then, condition] = [value, this.#or()];
      const otherwise: Expression = this.take("else") ? this.expression() : () => undefined;
      value = this.part((run) => (isTrue(condition(run)) ? then(run) : otherwise(run)));
    }
    return value;
  }

  /** One expression, or several parted by commas, which are a tuple. */
  tuple(withChoice: boolean): Expression {
    const first = this.expression(withChoice);
    if (!this.isAt(",")) return first;
    const items = [first];
    while (this.take(",") && this.token.kind !== "end") items.push(this.expression(withChoice));
    return this.part((run) => row(items.map((item) => item(run))));
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
    return this.part((run) => {
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
    const value = this.deeper(() => this.#not());
    return this.part((run) => !isTrue(value(run)));
  }

  #comparison(): Expression {
    const first = this.#sum();
    const rest: { readonly sign: string; readonly value: Expression }[] = [];
    for (let sign = this.#comparisonSign(); sign !== null; sign = this.#comparisonSign()) {
      rest.push({ sign, value: this.#sum() });
    }
    if (rest.length === 0) return first;
    return this.part((run) => {
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
      left = this.part((run) => ARITHMETIC.get(sign)?.(before(run), after(run), run.budget));
    }
  }

  #concatenation(): Expression {
    const parts = this.#chain("~", () => this.#product());
    if (parts[0] !== undefined && parts.length === 1) return parts[0];
    return this.part((run) => {
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
    return this.#arithmetic(["**"], () => this.operand(true));
  }
}

/** Statements: a template's pieces, parsed once into functions that write what they make. */
import { type Expression, ExpressionParser, type Run } from "./expressions.ts";
import type { Piece } from "./lexer.ts";
import { equals } from "./operators.ts";
import { textOf } from "./text.ts";
import {
  Callable,
  isDict,
  isList,
  isTrue,
  itemsOf,
  Model,
  Namespace,
  TemplateError,
  type Value,
} from "./values.ts";

/** Names a template gave itself; an inner scope sees those around it. */
export class Scope implements Run {
  readonly budget: Run["budget"];
  readonly #outer: Run["lookup"];
  readonly #names = new Map<string, Value>();

  constructor(outer: Run) {
    this.budget = outer.budget;
    this.#outer = outer.lookup;
  }

  readonly lookup = (name: string): Value =>
    this.#names.has(name) ? this.#names.get(name) : this.#outer(name);

  set(name: string, value: Value): void {
    this.#names.set(name, value);
  }
}

/** What a template has written so far. */
export class Output {
  #text = "";
  add(text: string, scope: Scope): void {
    scope.budget.text(text.length);
    if (this.#text.length + text.length > OUTPUT_MAX) {
      throw new TemplateError(`the result is longer than ${OUTPUT_MAX} characters`);
    }
    this.#text += text;
  }
  get text(): string {
    return this.#text;
  }
}

const OUTPUT_MAX = 1_000_000;

export type Statement = (scope: Scope, out: Output) => void;

/** As Prefect limits them. */
const LOOPS_MAX = 10;
const LOOP_NESTING_MAX = 2;
const BLOCK_NESTING_MAX = 20;

export class TemplateParser {
  readonly #pieces: readonly Piece[];
  #at = 0;
  #loops = 0;
  #loopDepth = 0;
  #depth = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  template(): Statement {
    const { body, end } = this.#body([]);
    if (end !== null) throw end.parser.error(`Encountered unknown tag '${end.word}'.`);
    return body;
  }

  /** Statements up to one of the closing words, which is taken. */
  #body(closing: readonly string[]): { readonly body: Statement; readonly end: Closing | null } {
    if (++this.#depth > BLOCK_NESTING_MAX) throw new TemplateError("blocks are nested too deeply");
    const statements: Statement[] = [];
    let end: Closing | null = null;
    while (end === null && this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at++];
      if (piece?.kind === "text") statements.push(textStatement(piece.text));
      else if (piece?.kind === "output") statements.push(outputStatement(piece));
      else if (piece !== undefined) {
        const parser = new ExpressionParser(piece.tokens);
        const word = parser.token.text;
        if (closing.includes(word)) {
          parser.take(word);
          end = { word, parser };
        } else statements.push(this.#block(parser));
      }
    }
    this.#depth--;
    if (end === null && closing.length > 0) {
      throw new TemplateError(`Unexpected end of template. Looking for '${closing.join("' or '")}'.`);
    }
    return { body: inOrder(statements), end };
  }

  #block(parser: ExpressionParser): Statement {
    if (parser.take("if")) return this.#if(parser);
    if (parser.take("for")) return this.#for(parser);
    if (parser.take("set")) return this.#set(parser);
    if (parser.take("with")) return this.#with(parser);
    if (parser.take("filter")) return this.#filter(parser);
    throw parser.error(`Encountered unknown tag '${parser.token.text}'.`);
  }

  #if(parser: ExpressionParser): Statement {
    const condition = whole(parser);
    const then = this.#body(["elif", "else", "endif"]);
    const otherwise = this.#otherwise(then.end);
    return (scope, out) => {
      if (isTrue(condition(scope))) then.body(scope, out);
      else otherwise(scope, out);
    };
  }

  #otherwise(end: Closing | null): Statement {
    if (end?.word === "elif") return this.#if(end.parser);
    end?.parser.end();
    if (end?.word !== "else") return () => undefined;
    return this.#closed("endif");
  }

  #closed(word: string): Statement {
    const { body, end } = this.#body([word]);
    end?.parser.end();
    return body;
  }

  #for(parser: ExpressionParser): Statement {
    if (++this.#loops > LOOPS_MAX) throw parser.error(`a template may have ${LOOPS_MAX} loops`);
    if (++this.#loopDepth > LOOP_NESTING_MAX) {
      throw parser.error(`loops may be nested ${LOOP_NESTING_MAX} deep`);
    }
    const targets = names(parser);
    parser.expect("in");
    const from = parser.expression(false);
    const condition = parser.take("if") ? parser.expression() : null;
    parser.end();
    const { body, end } = this.#body(["else", "endfor"]);
    end?.parser.end();
    this.#loopDepth--;
    const empty: Statement = end?.word === "else" ? this.#closed("endfor") : () => undefined;
    return (scope, out) => {
      const items = chosen(from(scope), { targets, condition, scope });
      if (items.length === 0) empty(scope, out);
      items.forEach((item, i) => {
        const inner = new Scope(scope);
        assign(targets, item, inner);
        inner.set("loop", loopVariable(items, i));
        body(inner, out);
      });
    };
  }

  #set(parser: ExpressionParser): Statement {
    const targets = names(parser);
    const [name = ""] = targets;
    const field = parser.take(".") ? parser.name() : null;
    if (parser.take("=")) {
      const value = whole(parser);
      return (scope) => {
        if (field === null) assign(targets, value(scope), scope);
        else setField(scope.lookup(name), field, value(scope));
      };
    }
    const filter = this.#filters(parser);
    const body = this.#closed("endset");
    return (scope) => {
      scope.set(name, filter(written(body, scope), scope));
    };
  }

  #with(parser: ExpressionParser): Statement {
    const bindings: (readonly [string, Expression])[] = [];
    while (parser.token.kind !== "end") {
      const name = parser.name();
      parser.expect("=");
      bindings.push([name, parser.expression()]);
      if (!parser.take(",")) break;
    }
    parser.end();
    const body = this.#closed("endwith");
    return (scope, out) => {
      const inner = new Scope(scope);
      for (const [name, value] of bindings) inner.set(name, value(scope));
      body(inner, out);
    };
  }

  #filter(parser: ExpressionParser): Statement {
    const filter = this.#filters(parser, true);
    const body = this.#closed("endfilter");
    return (scope, out) => {
      out.add(textOf(filter(written(body, scope), scope), scope.budget), scope);
    };
  }

  /** `name(args) | name …`, applied to a text made meanwhile. */
  #filters(parser: ExpressionParser, bare = false): (text: string, scope: Scope) => Value {
    let value: Expression = (run) => run.lookup(TEXT);
    if (bare) value = parser.filter(value);
    while (parser.take("|")) value = parser.filter(value);
    parser.end();
    return (text, scope) => {
      const inner = new Scope(scope);
      inner.set(TEXT, text);
      return value(inner);
    };
  }
}

/** No name that a template can write. */
const TEXT = "(text)";

interface Closing {
  readonly word: string;
  readonly parser: ExpressionParser;
}

const textStatement =
  (text: string): Statement =>
  (scope, out) => {
    out.add(text, scope);
  };

function outputStatement(piece: Extract<Piece, { readonly kind: "output" }>): Statement {
  const value = whole(new ExpressionParser(piece.tokens));
  return (scope, out) => {
    out.add(textOf(value(scope), scope.budget), scope);
  };
}

/** An expression that fills the rest of its tag. */
export function whole(parser: ExpressionParser): Expression {
  const value = parser.expression();
  parser.end();
  return value;
}

const inOrder =
  (statements: readonly Statement[]): Statement =>
  (scope, out) => {
    for (const statement of statements) {
      scope.budget.spend(1);
      statement(scope, out);
    }
  };

function written(body: Statement, scope: Scope): string {
  const out = new Output();
  body(new Scope(scope), out);
  return out.text;
}

function names(parser: ExpressionParser): readonly string[] {
  const isWrapped = parser.take("(");
  const found = [parser.name()];
  while (parser.take(",")) found.push(parser.name());
  if (isWrapped) parser.expect(")");
  return found;
}

interface Loop {
  readonly targets: readonly string[];
  readonly condition: Expression | null;
  readonly scope: Scope;
}

/** The items a loop goes through: with two targets, the names and values of a dictionary. */
function chosen(from: Value, { targets, condition, scope }: Loop): readonly Value[] {
  const items =
    targets.length === 2 && isDict(from)
      ? itemsOf(Object.entries(from), scope.budget)
      : itemsOf(from, scope.budget);
  if (condition === null) return items;
  return items.filter((item) => {
    const inner = new Scope(scope);
    assign(targets, item, inner);
    return isTrue(condition(inner));
  });
}

function assign(targets: readonly string[], value: Value, scope: Scope): void {
  const [only] = targets;
  if (targets.length === 1 && only !== undefined) {
    scope.set(only, value);
    return;
  }
  const parts = isList(value) ? value : value instanceof Model ? value.entries() : null;
  if (parts === null || parts.length !== targets.length) {
    throw new TemplateError(`expected ${targets.length} values to unpack`);
  }
  targets.forEach((target, i) => {
    scope.set(target, parts[i]);
  });
}

function setField(of: Value, field: string, value: Value): void {
  if (!(of instanceof Namespace)) throw new TemplateError("only the fields of a namespace can be set");
  of.set(field, value);
}

function loopVariable(items: readonly Value[], i: number): Value {
  return {
    index: i + 1,
    index0: i,
    revindex: items.length - i,
    revindex0: items.length - i - 1,
    first: i === 0,
    last: i === items.length - 1,
    length: items.length,
    previtem: items[i - 1],
    nextitem: items[i + 1],
    cycle: new Callable(({ positional }) => positional[i % Math.max(1, positional.length)]),
    changed: new Callable(({ positional: [now] }, budget) => i === 0 || !equals(now, items[i - 1], budget)),
  };
}

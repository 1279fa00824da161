/** Statements: a template's pieces, parsed once into functions that write what they make. */
import { called } from "./access.ts";
import type { Expression } from "./arguments.ts";
import { ExpressionParser } from "./expressions.ts";
import { Scope, type Statement, written } from "./frames.ts";
import type { Piece } from "./lexer.ts";
import { chosen, loopVariables } from "./loops.ts";
import { CALLER, macroIn, parametersOf } from "./macros.ts";
import { assign, setField, targetOf } from "./targets.ts";
import { textOf } from "./text.ts";
import { isTrue, TemplateError, type Value } from "./values.ts";

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
    if (parser.take("macro")) return this.#macro(parser);
    if (parser.take("call")) return this.#call(parser);
    if (parser.take("block")) return this.#named(parser);
    const refused = REFUSED.get(parser.token.text);
    if (refused !== undefined) throw parser.error(refused);
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
    const target = targetOf(parser);
    if (target === "loop") throw parser.error("Can't assign to special loop variable in for-loop target");
    parser.expect("in");
    const from = parser.tuple(false);
    const condition = parser.take("if") ? parser.expression() : null;
    if (parser.isAt("recursive")) throw parser.error("recursive loops are not supported");
    parser.end();
    const { body, end } = this.#body(["else", "endfor"]);
    end?.parser.end();
    const empty: Statement = end?.word === "else" ? this.#closed("endfor") : () => undefined;
    this.#loopDepth--;
    return (scope, out) => {
      const items = chosen(from(scope), { target, condition, scope });
      if (items.length === 0) empty(scope, out);
      const loop = loopVariables(items);
      items.forEach((item, i) => {
        const inner = new Scope(scope);
        inner.set("loop", loop(i));
        assign(target, item, inner);
        body(inner, out);
      });
    };
  }

  #set(parser: ExpressionParser): Statement {
    const target = targetOf(parser);
    const name = typeof target === "string" ? target : "";
    const field = parser.take(".") ? parser.name() : null;
    if (parser.take("=")) {
      const value = parser.tuple(true);
      parser.end();
      return (scope) => {
        if (field === null) assign(target, value(scope), scope);
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

  #macro(parser: ExpressionParser): Statement {
    const name = parser.name();
    parser.expect("(");
    const parameters = parametersOf(parser);
    parser.end();
    const macro = { parameters, body: this.#closed("endmacro") };
    return (scope) => {
      scope.set(name, macroIn(macro, scope));
    };
  }

  /** Calls a macro, which may write what stands within by `caller()`. */
  #call(parser: ExpressionParser): Statement {
    const parameters = parser.take("(") ? parametersOf(parser) : [];
    const name = parser.name();
    parser.expect("(");
    const args = parser.arguments();
    parser.end();
    const body = this.#closed("endcall");
    return (scope, out) => {
      const { positional, named } = args(scope);
      const caller = macroIn({ parameters, body }, scope);
      const given = { positional, named: new Map([...named, [CALLER, caller]]) };
      out.add(textOf(called(scope.lookup(name), name, given, scope.budget), scope.budget), scope);
    };
  }

  /** There is nothing to inherit from, so a block is what stands in it. */
  #named(parser: ExpressionParser): Statement {
    const name = parser.name();
    parser.end();
    const { body, end } = this.#body(["endblock"]);
    end?.parser.take(name);
    end?.parser.end();
    return (scope, out) => {
      body(new Scope(scope), out);
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

/** No names that a template can write. */
const TEXT = "(text)";

const NO_OTHERS = "is not supported: there are no other templates to take in";

/** Tags that Jinja has and we do not, and why. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["autoescape", "autoescape is not supported: a parameter is no HTML"],
  ...["extends", "from", "import", "include"].map((tag) => [tag, `${tag} ${NO_OTHERS}`] as const),
]);

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

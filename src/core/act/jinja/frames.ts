/** What statements write to and look names up in. */
import { type Budget, type Run, TemplateError, type Value } from "./values.ts";

/** Names a template gave itself; an inner scope sees those around it. */
export class Scope implements Run {
  readonly budget: Budget;
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

/** What a statement writes, as text. */
export function written(body: Statement, scope: Scope): string {
  const out = new Output();
  body(new Scope(scope), out);
  return out.text;
}

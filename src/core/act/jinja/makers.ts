/** What remembers between two places of a template: `cycler` and `joiner`. */
import type { Json } from "../../model/json.ts";
import { Callable, Model, TemplateError, type Value } from "./values.ts";

/** Gives its values one after the other, and again from the first. */
export class Cycler extends Model {
  readonly #values: readonly Value[];
  #at = 0;

  constructor(values: readonly Value[]) {
    super();
    if (values.length === 0) throw new TemplateError("at least one item has to be provided");
    this.#values = values;
  }
  attribute(name: string): Value {
    return name === "current" ? this.#values[this.#at] : undefined;
  }
  override method(name: string): Callable | null {
    if (name === "reset") return new Callable(() => this.#reset());
    return name === "next" ? new Callable(() => this.#next()) : null;
  }
  json(): Json {
    throw new TemplateError("a cycler is not a JSON value");
  }
  text(): string {
    return "<Cycler>";
  }

  #next(): Value {
    const value = this.#values[this.#at];
    this.#at = (this.#at + 1) % this.#values.length;
    return value;
  }
  #reset(): null {
    this.#at = 0;
    return null;
  }
}

/** Nothing when first called, then what stands between. */
export function joiner(between: Value): Callable {
  let isFirst = true;
  return new Callable(() => {
    const value = isFirst ? "" : between;
    isFirst = false;
    return value;
  });
}

/** Templates in parameters: what is one, what it gives, and what is wrong with one that does not parse. */
import mustache from "mustache";
import type { Json } from "../model/json.ts";
import {
  attributeOf,
  type Budget,
  compileText,
  compileValue,
  jsonOf,
  type Names,
  type Render,
  TemplateError,
  textOf,
  type Value,
} from "./jinja/jinja.ts";

/** What is wrong with a template, and where. */
export interface TemplateFault {
  readonly line: number;
  readonly message: string;
}

/** A string without tags is no template, not even with a comment in it. */
export const isTemplate = (text: string): boolean => text.includes("{{") || text.includes("{%");

/** One tag and nothing else: such a template gives the value itself, not its text. */
const isWhole = (text: string): boolean => {
  const trimmed = text.trim();
  return trimmed.startsWith("{{") && trimmed.endsWith("}}") && trimmed.indexOf("{{", 2) < 0;
};

/** The value of a whole-string template, the text of any other. */
export function renderTemplate(source: string, names: Names, budget: Budget): Json {
  if (!isWhole(source)) return renderText(source, names, budget);
  return jsonOf(values.of(source)(names, budget), budget);
}

export function renderText(source: string, names: Names, budget: Budget): string {
  return texts.of(source)(names, budget);
}

/** What is wrong with a template as a parameter (`any`) or where text is wanted in any case; null if nothing is. */
export function checkTemplate(source: string, as: "any" | "text"): TemplateFault | null {
  try {
    if (as === "any" && isWhole(source)) values.of(source);
    else texts.of(source);
    return null;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { line: error.line ?? 1, message: error.message };
  }
}

/** Compiled templates, the newest of them: an automation's templates are rendered again and again. */
class Compiled<T> {
  readonly #compile: (source: string) => Render<T>;
  readonly #known = new Map<string, Render<T>>();

  constructor(compile: (source: string) => Render<T>) {
    this.#compile = compile;
  }

  of(source: string): Render<T> {
    const known = this.#known.get(source);
    if (known !== undefined) return known;
    const compiled = this.#compile(source);
    if (this.#known.size >= KNOWN_MAX) this.#known.delete(this.#known.keys().next().value ?? "");
    this.#known.set(source, compiled);
    return compiled;
  }
}

const KNOWN_MAX = 1_000;

/** Tags that are plain dotted names mean the same to Mustache and to Jinja; the property test holds the two equal. */
const NAME = String.raw`(?:event|automation|labels|firing|variables)(?:\.[A-Za-z_]\w*)*`;
const PLAIN = new RegExp(String.raw`^(?:[^{]|\{(?![{%#])|\{\{\s*${NAME}\s*\}\})*$`);
const PLAIN_VALUE = new RegExp(String.raw`^\s*\{\{\s*(${NAME})\s*\}\}\s*$`);
/** Longer templates take the other road, which knows its limits. */
const PLAIN_CHARS_MAX = 4_096;

const isPlain = (source: string): boolean => source.length <= PLAIN_CHARS_MAX && PLAIN.test(source);

const texts = new Compiled((source) => (isPlain(source) ? compilePlain(source) : compileText(source)));

const values = new Compiled<Value>((source) => {
  const path = source.length <= PLAIN_CHARS_MAX ? PLAIN_VALUE.exec(source)?.[1] : undefined;
  return path === undefined ? compileValue(source) : (names) => walk(path, names);
});

function walk(path: string, names: Names): Value {
  const [root = "", ...steps] = path.split(".");
  return steps.reduce(attributeOf, names(root));
}

/** The fast road. Line ends as Jinja has them. */
function compilePlain(source: string): Render<string> {
  const text = source.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  // A writer of its own, because writers remember all they have parsed.
  const writer = new mustache.Writer();
  const tokens: string[][] = writer.parse(text);
  return (names, budget) => {
    const context = new PathContext(names, budget);
    return writer.renderTokens(tokens, context, undefined, text, { escape: String });
  };
}

/** Looks names up as Jinja does, and gives the text of what it finds. */
class PathContext extends mustache.Context {
  readonly #names: Names;
  readonly #budget: Budget;

  constructor(names: Names, budget: Budget) {
    super({});
    this.#names = names;
    this.#budget = budget;
  }

  override lookup(path: string): string {
    return textOf(walk(path, this.#names), this.#budget);
  }
}

/** Cuts a template into text and tags, each tag into tokens, and reads tokens one by one. */
import { TemplateError } from "./values.ts";

export interface Token {
  readonly kind: "name" | "number" | "string" | "sign" | "end";
  readonly text: string;
  readonly line: number;
}

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly tokens: readonly Token[] }
  | { readonly kind: "block"; readonly tokens: readonly Token[] };

const OPENING = /\{\{[-+]?|\{%[-+]?|\{#[-+]?/g;
const RAW = /\{%[-+]?\s*raw\s*(-?|\+)%\}/y;
const END_RAW = /\{%(-?|\+)\s*endraw\s*(-?|\+)%\}/g;

/** The pieces of a template, in order; comments are gone, and so is the space that `-` takes away. */
export function cut(source: string): readonly Piece[] {
  // Jinja knows one line end, and drops the last one of a template.
  const text = source.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const cutter = new Cutter(text);
  while (!cutter.isDone) cutter.next();
  return cutter.pieces;
}

class Cutter {
  readonly pieces: Piece[] = [];
  readonly #source: string;
  #at = 0;
  #eatsSpace = false;
  #line = 1;
  #countedTo = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get isDone(): boolean {
    return this.#at >= this.#source.length;
  }

  next(): void {
    OPENING.lastIndex = this.#at;
    const opening = OPENING.exec(this.#source);
    const end = opening?.index ?? this.#source.length;
    this.#text(this.#source.slice(this.#at, end), opening?.[0].endsWith("-") ?? false);
    this.#at = end;
    if (opening === null) return;
    RAW.lastIndex = end;
    const raw = RAW.exec(this.#source);
    if (raw !== null) this.#raw(end + raw[0].length, raw[1] === "-");
    else if (opening[0].startsWith("{#")) this.#comment(end);
    else this.#tag(end + opening[0].length, opening[0].startsWith("{{"));
  }

  #text(text: string, eatenAfter: boolean): void {
    const front = this.#eatsSpace ? text.trimStart() : text;
    const whole = eatenAfter ? front.trimEnd() : front;
    if (whole !== "") this.pieces.push({ kind: "text", text: whole });
    this.#eatsSpace = false;
  }

  #raw(from: number, eatsSpace: boolean): void {
    END_RAW.lastIndex = from;
    const found = END_RAW.exec(this.#source);
    if (found === null) throw this.#error("Missing end of raw directive");
    this.#eatsSpace = eatsSpace;
    this.#text(this.#source.slice(from, found.index), found[1] === "-");
    this.#eatsSpace = found[2] === "-";
    this.#at = found.index + found[0].length;
  }

  #comment(from: number): void {
    const end = this.#source.indexOf("#}", from + 2);
    if (end < 0) throw this.#error("Missing end of comment tag");
    this.#eatsSpace = this.#source[end - 1] === "-";
    this.#at = end + 2;
  }

  #tag(from: number, isOutput: boolean): void {
    const close = isOutput ? "}}" : "%}";
    const { tokens, end } = tokensUntil(close, this.#source, { at: from, line: this.#lineAt(from) });
    this.#eatsSpace = this.#source[end - 3] === "-" && end - 3 >= from;
    this.#at = end;
    this.pieces.push({ kind: isOutput ? "output" : "block", tokens });
  }

  #error(message: string): TemplateError {
    return new TemplateError(message, this.#lineAt(this.#at));
  }

  /** Asked for places further and further on. */
  #lineAt(at: number): number {
    for (; this.#countedTo < at; this.#countedTo++) if (this.#source[this.#countedTo] === "\n") this.#line++;
    return this.#line;
  }
}

const TOKEN =
  /(?<space>\s+)|(?<name>[A-Za-z_\u00a1-\uffff][\w\u00a1-\uffff]*)|(?<number>0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:[1-9](?:_?\d)*|0+(?!\d))(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d+)?|\d+(?:_\d+)*(?:\.\d+(?:_\d+)*(?:[eE][+-]?\d+)?|[eE][+-]?\d+))|(?<string>"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*')|(?<sign>\/\/|\*\*|==|!=|<=|>=|[-+*/%~<>=()[\]{}.,:|])/y;

interface Place {
  readonly at: number;
  readonly line: number;
}

function tokensUntil(close: string, source: string, from: Place): { tokens: Token[]; end: number } {
  const tokens: Token[] = [];
  let { at, line } = from;
  let braces = 0;
  for (;;) {
    const length = braces === 0 ? closingLength(close, source, at) : 0;
    if (length > 0) {
      tokens.push({ kind: "end", text: close, line });
      return { tokens, end: at + length };
    }
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(source);
    if (found === null) throw notAToken(source, at, line);
    const token = tokenOf(found, line);
    if (token !== null) tokens.push(token);
    braces += braceOf(token);
    if (braces < 0) throw new TemplateError("unexpected '}'", line);
    line += found[0].split("\n").length - 1;
    at += found[0].length;
  }
}

function closingLength(close: string, source: string, at: number): number {
  if (source.startsWith(close, at)) return close.length;
  const isSigned = source[at] === "-" || source[at] === "+";
  return isSigned && source.startsWith(close, at + 1) ? close.length + 1 : 0;
}

const braceOf = (token: Token | null): number =>
  token?.kind !== "sign" ? 0 : token.text === "{" ? 1 : token.text === "}" ? -1 : 0;

function notAToken(source: string, at: number, line: number): TemplateError {
  if (at >= source.length) return new TemplateError("unexpected end of template", line);
  return new TemplateError(`unexpected char '${source[at] ?? ""}' at ${at}`, line);
}

function tokenOf(found: RegExpExecArray, line: number): Token | null {
  const { name, number, string, sign } = found.groups ?? {};
  if (name !== undefined) return { kind: "name", text: name, line };
  if (number !== undefined) return { kind: "number", text: number.replaceAll("_", ""), line };
  if (string !== undefined) return { kind: "string", text: unescaped(string.slice(1, -1)), line };
  return sign === undefined ? null : { kind: "sign", text: sign, line };
}

const ESCAPED: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\n": "",
};

const ESCAPE = /\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{1,3}|[^])/g;

const unescaped = (text: string): string =>
  text.replace(ESCAPE, (all) => {
    const sign = all.slice(1);
    if (/^[0-7]/.test(sign)) return String.fromCodePoint(Number.parseInt(sign, 8));
    const code = sign.length > 2 || /^[uUx]./.test(sign) ? Number.parseInt(sign.slice(1), 16) : null;
    if (code !== null) return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    // Python leaves a backslash that escapes nothing where it is.
    return ESCAPED[sign] ?? (/["'\\]/.test(sign) ? sign : all);
  });

/** Words that are no names. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  "and",
  "or",
  "not",
  "in",
  "is",
  "if",
  "else",
  "for",
  "recursive",
]);

/** Reads the tokens of one tag. */
export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.peek(0);
  }

  peek(ahead: number): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(this.#at + ahead, last)] ?? { kind: "end", text: "", line: 1 };
  }

  skip(): void {
    this.#at++;
  }

  error(message: string): TemplateError {
    return new TemplateError(message, this.token.line);
  }

  isAt(text: string): boolean {
    const { kind, text: found } = this.token;
    return found === text && (kind === "sign" || kind === "name");
  }

  /** Takes the next token if it is this sign or keyword. */
  take(text: string): boolean {
    if (!this.isAt(text)) return false;
    this.skip();
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.unexpected(`expected '${text}'`);
  }

  unexpected(wanted: string): TemplateError {
    const { kind, text } = this.token;
    return this.error(`unexpected ${kind === "end" ? `end of tag '${text}'` : `'${text}'`}, ${wanted}`);
  }

  name(): string {
    const { kind, text } = this.token;
    if (kind !== "name" || KEYWORDS.has(text)) throw this.unexpected("expected a name");
    this.skip();
    return text;
  }

  end(): void {
    if (this.token.kind !== "end") throw this.unexpected("expected the end of the tag");
  }
}

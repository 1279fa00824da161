/** How values read: as Python prints them within text, and as JSON; neither grows past its limit. */
import type { Json } from "../../model/json.ts";
import {
  type Budget,
  Callable,
  Float,
  isDict,
  isList,
  Model,
  Once,
  Row,
  TEXT_MAX,
  TemplateError,
  type Value,
} from "./values.ts";

const NESTING_MAX = 300;

/** Collects text up to the limit. */
class Sheet {
  readonly #budget: Budget;
  #text = "";
  constructor(budget: Budget) {
    this.#budget = budget;
  }
  add(piece: string): void {
    this.#budget.text(piece.length);
    if (this.#text.length + piece.length > TEXT_MAX) {
      throw new TemplateError(`a text would be longer than ${TEXT_MAX} characters`);
    }
    this.#text += piece;
  }
  get text(): string {
    return this.#text;
  }
}

/** A value within text: as Python's `str` has it; models as JSON, undefined as nothing. */
export function textOf(value: Value, budget: Budget): string {
  if (typeof value === "string") return value;
  if (value === undefined) return "";
  if (typeof value === "number") return numberText(value);
  if (value instanceof Model) return bounded(value.text(), budget);
  const sheet = new Sheet(budget);
  writeRepr(value, sheet, 0);
  return sheet.text;
}

function bounded(text: string, budget: Budget): string {
  budget.text(text.length);
  return text;
}

/** As Python's `repr` has it. */
export function reprOf(value: Value, budget: Budget): string {
  const sheet = new Sheet(budget);
  writeRepr(value, sheet, 0);
  return sheet.text;
}

function writeRepr(value: Value, sheet: Sheet, depth: number): void {
  if (depth > NESTING_MAX) throw new TemplateError("a value is nested too deeply");
  if (isList(value)) writeList(value, sheet, depth);
  else if (value instanceof Once) writeList(value.take(), sheet, depth);
  else if (isDict(value)) {
    sheet.add("{");
    Object.entries(value).forEach(([name, item], i) => {
      sheet.add(`${i > 0 ? ", " : ""}${quoted(name)}: `);
      writeRepr(item, sheet, depth + 1);
    });
    sheet.add("}");
  } else if (value instanceof Model) sheet.add(value.repr());
  else sheet.add(reprOfScalar(value));
}

function writeList(list: readonly Value[], sheet: Sheet, depth: number): void {
  const kind = list instanceof Row ? list.kind : "list";
  if (kind.startsWith("range(")) {
    sheet.add(kind);
    return;
  }
  if (kind === "set" && list.length === 0) {
    sheet.add("set()");
    return;
  }
  const [open, close] = BRACKETS[kind] ?? [`${kind}([`, "])"];
  sheet.add(open);
  list.forEach((item, i) => {
    if (i > 0) sheet.add(", ");
    writeRepr(item, sheet, depth + 1);
  });
  if (kind === "tuple" && list.length === 1) sheet.add(",");
  sheet.add(close);
}

const BRACKETS: Readonly<Record<string, readonly [string, string]>> = {
  list: ["[", "]"],
  tuple: ["(", ")"],
  set: ["{", "}"],
};

function reprOfScalar(value: undefined | null | boolean | number | string | Float | Callable): string {
  if (value === undefined) return "Undefined";
  if (value === null) return "None";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return numberText(value);
  if (value instanceof Float) return floatText(value.value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return "<function>";
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text as Python writes it down. */
export function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\\\n\r\t]/g, (found) => ESCAPES[found] ?? found);
  return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote;
}

/** Python writes small and large numbers with an exponent of two digits at least. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const small = value !== 0 && Math.abs(value) < 1e-4;
  const text = small ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** A whole float, which Python writes with an exponent from 1e16 on. */
function floatText(value: number): string {
  if (Math.abs(value) >= 1e16) return value.toExponential();
  return Object.is(value, -0) ? "-0.0" : `${value}.0`;
}

/** A value as JSON data; undefined is null. */
export const jsonOf = (value: Value, budget: Budget): Json => toJson(value, budget, 0);

function toJson(value: Value, budget: Budget, depth: number): Json {
  if (depth > NESTING_MAX) throw new TemplateError("a value is nested too deeply");
  budget.spend(typeof value === "string" ? 1 + Math.ceil(value.length / 16) : 1);
  if (value === undefined || value === null) return null;
  if (typeof value !== "object") return typeof value === "number" ? numberJson(value) : value;
  if (value instanceof Float) return value.value;
  if (value instanceof Callable) throw new TemplateError("a function is not a JSON value");
  if (value instanceof Model) return toJson(value.json(), budget, depth + 1);
  if (value instanceof Once) return toJson(value.take(), budget, depth);
  if (isList(value)) return value.map((item) => toJson(item, budget, depth + 1));
  return dictJson(value, budget, depth);
}

const numberJson = (value: number): Json => (Number.isFinite(value) ? value : null);

const dictJson = (value: Value, budget: Budget, depth: number): Json =>
  Object.fromEntries(
    (isDict(value) ? Object.entries(value) : []).map(([name, item]) => {
      budget.spend(Math.ceil(name.length / 16));
      return [name, toJson(item, budget, depth + 1)];
    }),
  );

/** JSON text as Prefect's `tojson` writes it: keys sorted, plain ASCII, and nothing that means something in HTML. */
export function jsonText(value: Value, indent: number, budget: Budget): string {
  if (value === undefined) throw new TemplateError("an undefined value is not a JSON value");
  const sheet = new Sheet(budget);
  writeJson(jsonOf(value, budget), sheet, { indent, depth: 0 });
  return sheet.text.replace(/[<>&'\u007f-\uffff]/g, (found) => {
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

interface Layout {
  readonly indent: number;
  readonly depth: number;
}

function writeJson(value: Json, sheet: Sheet, layout: Layout): void {
  if (typeof value !== "object" || value === null) {
    sheet.add(JSON.stringify(value));
    return;
  }
  const inner = { ...layout, depth: layout.depth + 1 };
  const fields: readonly (readonly [string, Json])[] = Array.isArray(value)
    ? value.map((item: Json) => ["", item])
    : Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => [`${JSON.stringify(name)}: `, item]);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  sheet.add(open ?? "");
  fields.forEach(([name, item], i) => {
    if (i > 0) sheet.add(layout.indent > 0 ? "," : ", ");
    sheet.add(lineBreak(inner) + name);
    writeJson(item, sheet, inner);
  });
  if (fields.length > 0) sheet.add(lineBreak(layout));
  sheet.add(close ?? "");
}

const lineBreak = ({ indent, depth }: Layout): string =>
  indent > 0 ? `\n${" ".repeat(indent * depth)}` : "";

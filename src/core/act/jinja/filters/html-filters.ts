/** The filters for text that stands in HTML. There is no markup type: what is escaped twice is escaped twice. */
import { textOf } from "../text.ts";
import { arg, type Budget, type Filter, isDict, nameOfType, TemplateError, type Value } from "../values.ts";

const SIGNS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

function escaped(value: Value, budget: Budget): string {
  const text = textOf(value, budget).replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign);
  budget.text(text.length);
  return text;
}

const escape: Filter = (value, _args, budget) => escaped(value, budget);

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
};

const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{1,10}));/g, (all, ten, sixteen, name) => {
    if (typeof name === "string") return NAMED[name] ?? all;
    const code = typeof ten === "string" ? Number(ten) : Number.parseInt(String(sixteen), 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });

/** Without comments and tags, with single spaces. */
const stripTags: Filter = (value, _args, budget) => {
  const text = textOf(value, budget);
  budget.text(text.length);
  let [kept, at] = ["", 0];
  for (let start = text.indexOf("<"); start >= 0; start = text.indexOf("<", at)) {
    const close = text.startsWith("<!--", start) ? "-->" : ">";
    const end = text.indexOf(close, start + (close === ">" ? 0 : 4));
    if (end < 0) break;
    kept += text.slice(at, start);
    at = end + close.length;
  }
  return unescaped(
    (kept + text.slice(at))
      .split(/\s+/)
      .filter((word) => word !== "")
      .join(" "),
  );
};

const attributes: Filter = (value, args, budget) => {
  if (!isDict(value)) throw new TemplateError(`${nameOfType(value)} has no names and values`);
  const pieces = Object.entries(value).flatMap(([name, item]) => {
    if (item === undefined || item === null) return [];
    if (/[\s/>=]/.test(name)) throw new TemplateError(`Invalid character in attribute name: '${name}'`);
    return [`${escaped(name, budget)}="${escaped(item, budget)}"`];
  });
  const text = pieces.join(" ");
  return text !== "" && arg(args, 0, "autospace") !== false ? ` ${text}` : text;
};

export const ESCAPES: readonly (readonly [string, Filter])[] = [
  ["e", escape],
  ["escape", escape],
  ["forceescape", escape],
  ["safe", (value, _args, budget) => textOf(value, budget)],
  ["striptags", stripTags],
  ["xmlattr", attributes],
];

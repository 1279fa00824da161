/** Texts with places to fill in, as Python has them: `'%s' % x` and `'{}'.format(x)`. */
import { attributeOf, itemOf } from "./access.ts";
import { exponential, fixed, general, grouped, type Padding, padded } from "./numbers.ts";
import { reprOf, textOf } from "./text.ts";
import {
  type Args,
  type Budget,
  isDict,
  isFloat,
  isList,
  Model,
  nameOfType,
  numberOf,
  Row,
  TemplateError,
  type Value,
} from "./values.ts";

const PERCENT =
  /%(?:\((?<name>[^()]*)\))?(?<flags>[-+ 0#]*)(?<width>\d{0,7})(?:\.(?<digits>\d{1,7}))?(?<type>.|$)/gs;

/** Fills the `%s`, `%d`, `%.2f` … of a text: one value, a tuple of them in order, or a dictionary by name. */
export function percentFormat(pattern: string, values: Value, budget: Budget): string {
  const given = values instanceof Row && values.kind === "tuple" ? Array.from(values) : [values];
  let next = 0;
  let size = 0;
  const text = pattern.replace(PERCENT, (...found: readonly unknown[]) => {
    const groups = groupsOf(found.at(-1));
    const { name, type = "" } = groups;
    if (type === "%") return "%";
    if (name === undefined && next >= given.length) {
      throw new TemplateError("not enough values to fill the text");
    }
    const filled = filledIn(name === undefined ? given[next++] : fieldOf(values, name), groups, budget);
    size += filled.length;
    budget.text(size);
    return filled;
  });
  if (next < given.length && !isDict(values)) throw new TemplateError("too many values to fill the text");
  budget.text(text.length);
  return text;
}

type Groups = Readonly<Record<string, string | undefined>>;

const groupsOf = (found: unknown): Groups =>
  typeof found === "object" && found !== null ? Object.fromEntries(Object.entries(found)) : {};

function fieldOf(values: Value, name: string): Value {
  if (!isDict(values)) throw new TemplateError("a text with names wants a dictionary");
  if (!Object.hasOwn(values, name)) throw new TemplateError(`there is no '${name}' to fill the text`);
  return values[name];
}

function filledIn(value: Value, groups: Groups, budget: Budget): string {
  const { flags = "", width = "", digits, type = "" } = groups;
  const text = percentText(value, { type, digits: digits === undefined ? null : Number(digits) }, budget);
  const isNumber = !"sra".includes(type);
  budget.text(Number(width));
  const isZeroed = isNumber && flags.includes("0") && !flags.includes("-");
  return padded(isNumber ? signed(text, flags) : text, {
    width: Number(width),
    fill: isZeroed ? "0" : " ",
    align: flags.includes("-") ? "<" : isZeroed ? "=" : ">",
  });
}

function signed(text: string, flags: string): string {
  if (text.startsWith("-")) return text;
  if (flags.includes("+")) return `+${text}`;
  return flags.includes(" ") ? ` ${text}` : text;
}

interface Form {
  readonly type: string;
  readonly digits: number | null;
}

function percentText(value: Value, { type, digits }: Form, budget: Budget): string {
  if (type === "s") return cutTo(textOf(value, budget), digits);
  if (type === "r" || type === "a") return cutTo(reprOf(value, budget), digits);
  const number = numberOf(value);
  if (number === null) throw new TemplateError(`%${type} wants a number, not ${nameOfType(value)}`);
  if ("diu".includes(type)) return String(Math.trunc(number));
  const text = numberText(number, { type, digits });
  if (text === null) throw new TemplateError(`unsupported format character '${type}'`);
  return text;
}

const cutTo = (text: string, digits: number | null): string =>
  digits === null ? text : text.slice(0, digits);

/** A number by the letter of its form; null for letters that are none. */
function numberText(value: number, { type, digits }: Form): string | null {
  switch (type.toLowerCase()) {
    case "f":
      return cased(fixed(value, digits ?? 6), type);
    case "e":
      return cased(exponential(value, digits ?? 6), type);
    case "g":
      return cased(general(value, digits ?? 6), type);
    case "x":
      return cased(Math.trunc(value).toString(16), type);
    case "o":
      return Math.trunc(value).toString(8);
    case "b":
      return Math.trunc(value).toString(2);
    default:
      return null;
  }
}

const cased = (text: string, type: string): string =>
  type === type.toUpperCase() ? text.toUpperCase() : text;

const FIELD = /\{\{|\}\}|\{(?<path>[^{}!:]*)(?:!(?<how>[rsa]))?(?::(?<spec>[^{}]*))?\}|[{}]/g;

/** Fills the `{}`, `{0}`, `{name}` and `{name.part[key]:>5}` of a text. */
export function braceFormat(pattern: string, args: Args, budget: Budget): string {
  let next = 0;
  let size = 0;
  const text = pattern.replace(FIELD, (...found: readonly unknown[]) => {
    const all = String(found[0]);
    if (all === "{{") return "{";
    if (all === "}}") return "}";
    const { path, how, spec = "" } = groupsOf(found.at(-1));
    if (path === undefined) throw new TemplateError(`a single '${all}' in the text to be filled`);
    const [root = ""] = /^[^.[]*/.exec(path) ?? [];
    const value = reached(rootOf(root === "" ? String(next++) : root, args), path.slice(root.length));
    const filled =
      how === undefined ? formatted(value, spec, budget) : formatted(shown(value, how, budget), spec, budget);
    size += filled.length;
    budget.text(size);
    return filled;
  });
  budget.text(text.length);
  return text;
}

const shown = (value: Value, how: string, budget: Budget): string =>
  how === "s" ? textOf(value, budget) : reprOf(value, budget);

function rootOf(root: string, { positional, named }: Args): Value {
  if (/^\d+$/.test(root)) {
    if (Number(root) >= positional.length) throw new TemplateError("not enough values to fill the text");
    return positional[Number(root)];
  }
  if (!named.has(root)) throw new TemplateError(`there is no '${root}' to fill the text`);
  return named.get(root);
}

function reached(value: Value, steps: string): Value {
  let at = value;
  for (const [, name, key] of steps.matchAll(/\.(\w+)|\[([^\]]*)\]/g)) {
    if (name?.startsWith("_") === true) throw new TemplateError(`access to attribute '${name}' is unsafe`);
    at =
      name !== undefined
        ? attributeOf(at, name)
        : itemOf(at, /^\d+$/.test(key ?? "") ? Number(key) : (key ?? ""));
  }
  return at;
}

const SPEC =
  /^(?:(?<fill>[^])?(?<align>[<>=^]))?(?<sign>[-+ ])?#?(?<zero>0)?(?<width>\d{0,7})(?<group>[,_])?(?:\.(?<digits>\d{1,7}))?(?<type>[bdeEfFgGnosxX%])?$/u;

/** `format(value, spec)`. */
function formatted(value: Value, spec: string, budget: Budget): string {
  if (value instanceof Model && spec !== "") return value.formatted(spec);
  if (spec === "") return textOf(value, budget);
  const found = SPEC.exec(spec)?.groups;
  if (found === undefined || isList(value) || isDict(value))
    throw new TemplateError(`Invalid format specifier '${spec}'`);
  const number = typeof value === "string" ? null : numberOf(value);
  const text =
    number === null ? cutTo(textOf(value, budget), digitsOf(found)) : specified(value, found, budget);
  const width = Number(found["width"] ?? "");
  budget.text(Math.max(width, text.length));
  return padded(text, { width, ...paddingOf(found, number !== null) });
}

function paddingOf(found: Groups, isNumber: boolean): Omit<Padding, "width"> {
  const isZeroed = found["zero"] !== undefined && isNumber;
  const given = ALIGNS.find((one) => one === found["align"]);
  return {
    fill: found["fill"] ?? (isZeroed ? "0" : " "),
    align: given ?? (isZeroed ? "=" : isNumber ? ">" : "<"),
  };
}

const ALIGNS = ["<", ">", "^", "="] as const;

const digitsOf = (found: Groups): number | null =>
  found["digits"] === undefined ? null : Number(found["digits"]);

function specified(value: Value, found: Groups, budget: Budget): string {
  const { type = "", group, sign } = found;
  if (isFloat(value) && "bdoxX".includes(type) && type !== "") {
    throw new TemplateError(`Unknown format code '${type}' for a float`);
  }
  const text = specifiedText(value, { type, digits: digitsOf(found) }, budget);
  const split = group === undefined ? text : grouped(text, group);
  return split.startsWith("-") || sign === undefined || sign === "-" ? split : sign + split;
}

function specifiedText(value: Value, { type, digits }: Form, budget: Budget): string {
  const number = numberOf(value) ?? 0;
  if (type === "%") return `${fixed(number * 100, digits ?? 6)}%`;
  if (type === "d" || type === "n") return String(number);
  if (type !== "") {
    const text = numberText(number, { type, digits });
    if (text === null) throw new TemplateError(`Unknown format code '${type}' for a number`);
    return text;
  }
  if (digits !== null) return general(number, digits);
  return textOf(typeof value === "boolean" ? number : value, budget);
}

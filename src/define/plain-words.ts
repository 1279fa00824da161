/** Faults of files in plain words: programs know Prefect's texts, a person reading a file need not. */
import { bad, type Fault, type Result } from "../core/model/fault.ts";

/** The same result, every fault told as what was expected, and what was found there. */
export function inPlainWords<T>(result: Result<T>): Result<T> {
  return result.ok ? result : bad(result.faults.map((fault) => ({ ...fault, message: plainly(fault) })));
}

const MAPPING = "a mapping";
const WHOLE = "a whole number";
const FLAG = "true or false";
const DURATION = "a duration such as 60, PT2H or 01:30:00";

/** What is expected where a fault has this type. */
const EXPECTED: ReadonlyMap<string, string> = new Map([
  ["model_attributes_type", MAPPING],
  ["dict_type", MAPPING],
  ["list_type", "a list"],
  ["set_type", "a list of names"],
  ["string_type", "a text"],
  ["bool_type", FLAG],
  ["bool_parsing", FLAG],
  ["int_type", WHOLE],
  ["int_parsing", WHOLE],
  ["int_from_float", WHOLE],
  ["float_type", "a number"],
  ["time_delta_type", DURATION],
  ["time_delta_parsing", DURATION],
  ["greater_than_equal", "0 seconds or more"],
  ["union_tag_invalid", "event, metric, compound or sequence"],
  ["uuid_type", "a UUID"],
  ["uuid_parsing", "a UUID"],
]);

function plainly({ type, message, input }: Fault): string {
  const bare = message.replace(/^Value error, /, "");
  if (type === "missing") return bare.replace(/^Field required/, "this must be given");
  if (type === "extra_forbidden") return "there is no such field";
  const expected = EXPECTED.get(type) ?? (type === "literal_error" ? wordsOf(bare) : null);
  if (expected !== null) return `expected ${expected}${found(input)}`;
  if (bare === "`within` should be a valid timedelta") return `expected ${DURATION}${found(input)}`;
  return bare.replace(/^Input should name (.*)$/, (_, what: string) => `expected ${what}${found(input)}`);
}

/** `Input should be 'any' or 'all'` → `any or all`. */
const wordsOf = (message: string): string =>
  message
    .replace(/^Input should be /, "")
    .replace("a valid integer", WHOLE)
    .replaceAll("Posture.", "")
    .replaceAll("'", "");

const FOUND_CHARS_MAX = 60;

function found(input: unknown): string {
  if (input === undefined) return "";
  if (input === null) return "; found nothing";
  if (Array.isArray(input)) return "; found a list";
  if (typeof input === "object") return "; found a mapping";
  const text = JSON.stringify(input);
  return `; found ${text.length > FOUND_CHARS_MAX ? `${text.slice(0, FOUND_CHARS_MAX)}…` : text}`;
}

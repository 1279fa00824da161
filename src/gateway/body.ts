/** Reads the body of a request as JSON, and gives up on bodies that are too big, too slow or too deep. */
import type { Context } from "hono";
import type { Json } from "../core/model/json.ts";
import type { Limits } from "./ports.ts";
import { invalid, notJson, Refusal } from "./refusal.ts";

/** Deeper than any payload may be, and far less deep than what exhausts the stack of whoever walks it. */
const DEPTH_MAX = 256;

export interface Body {
  readonly json: Json;
  readonly bytes: number;
}

/** The body as JSON; nothing is parsed before its size and depth are known to be harmless. */
export async function readBody(c: Context, limits: Limits): Promise<Body> {
  const bytes = await collect(c, limits);
  if (bytes.length === 0) throw invalid("body", [{ at: [], type: "missing", message: "Field required" }]);
  if (isTooDeep(bytes)) {
    throw invalid("body", [
      { at: [], type: "value_error", message: `Value error, JSON is nested deeper than ${DEPTH_MAX}` },
    ]);
  }
  const text = decoded(bytes);
  try {
    const json: Json = JSON.parse(text);
    return { json, bytes: bytes.length };
  } catch (error) {
    throw whereBad(text, error instanceof Error ? error.message : String(error));
  }
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notJson(0, "the body is not UTF-8");
  }
}

/** The engine tells the position, or shows ten characters before and behind it, or says that the text ends too early. */
function whereBad(text: string, said: string): Refusal {
  const reason = said.replace(/,? (?:\.\.\.)?"[^]*is not valid JSON$|(?: in JSON)? at position \d.*$/, "");
  const told = / at position (\d+)/.exec(said)?.[1];
  if (told !== undefined) return notJson(Number(told), reason);
  if (said.startsWith("Unexpected end")) return notJson(text.length, reason);
  const shown = /, (\.\.\.)?"([^]*?)"(?:\.\.\.)? is not valid JSON$/.exec(said);
  const token = /^Unexpected token '([^]*?)'/u.exec(said)?.[1] ?? "";
  const start = Math.max(0, text.indexOf(shown?.[2] ?? ""));
  const isInside = shown?.[1] !== undefined;
  return notJson(isInside ? start + 10 : firstBad(text.slice(0, SHOWN_MAX), token), reason);
}

const SHOWN_MAX = 40;

/** In a text of some characters: the first place of this token up to which there is nothing else wrong. */
function firstBad(text: string, token: string): number {
  for (let at = text.indexOf(token); at !== -1; at = text.indexOf(token, at + 1)) {
    if (!isBegun(text.slice(0, at + token.length))) return at;
  }
  return 0;
}

/** Whether a text may yet become JSON. */
function isBegun(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    return error instanceof Error && /^(?:Unexpected end|Unterminated|Expected)/.test(error.message);
  }
}

/** The body as JSON, or null where none was sent. */
export async function readOptionalBody(c: Context, limits: Limits): Promise<Json> {
  const isEmpty = c.req.raw.body === null || c.req.header("content-length") === "0";
  return isEmpty ? null : (await readBody(c, limits)).json;
}

async function collect(c: Context, limits: Limits): Promise<Uint8Array> {
  if (Number(c.req.header("content-length") ?? 0) > limits.bodyBytesMax) throw tooLarge(limits);
  const stream = c.req.raw.body;
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooSlow(limits)), limits.bodyMsMax);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) return Buffer.concat(chunks);
      size += value.byteLength;
      if (size > limits.bodyBytesMax) throw tooLarge(limits);
      chunks.push(value);
    }
  } catch (error) {
    // What is still to come is not read: the answer must not wait for it.
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The sender is still busy sending what nobody reads: the connection ends with the answer. */
const closing = { Connection: "close" };

const tooLarge = ({ bodyBytesMax }: Limits): Refusal =>
  new Refusal(413, { detail: `The request body is larger than the limit of ${bodyBytesMax} bytes` }, closing);

const tooSlow = ({ bodyMsMax }: Limits): Refusal =>
  new Refusal(408, { detail: `The request body took longer than the limit of ${bodyMsMax} ms` }, closing);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Looks at brackets outside strings only, so it takes no stack of its own. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === QUOTE) isInString = !isInString;
    else if (isInString) i += byte === BACKSLASH ? 1 : 0;
    else if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}

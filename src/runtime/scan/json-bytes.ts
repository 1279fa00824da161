/**
 * JSON as bytes, passed over without making anything of it. Every function takes the place where something begins and
 * gives the place after it, or -1 where it is not what it should be, or is so unusual that it is left to a parser. Nothing
 * stands at -1, so whoever goes on from there ends there: one look at the end is enough.
 */

export const NOT = -1;
export const QUOTE = 0x22;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const POINT = 0x2e;

/** What is nested deeper is left to a parser, which has its own bounds. */
const LEVELS_MAX = 50;

/** Bytes that stand for themselves in a text. */
const PLAIN = tableOf((byte) => byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH);
const SPACE = tableOf((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
const DIGIT = tableOf((byte) => byte >= 0x30 && byte <= 0x39);
const HEX = tableOf((byte) => /[0-9a-f]/i.test(String.fromCharCode(byte)));
const ESCAPED = tableOf((byte) => '"\\/bfnrt'.includes(String.fromCharCode(byte)));

function tableOf(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0));
}

const is = (table: Uint8Array, byte: number | undefined): boolean => table[byte ?? 0] === 1;

export function passSpace(bytes: Uint8Array, from: number): number {
  const space = SPACE;
  let at = from;
  while (space[bytes[at] ?? 0] === 1) at += 1;
  return at;
}

/** From behind the opening quote to behind the closing one. */
function passText(bytes: Uint8Array, from: number): number {
  const plain = PLAIN;
  let at = from;
  for (;;) {
    while (plain[bytes[at] ?? 0] === 1) at += 1;
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    at = byte === BACKSLASH ? passEscape(bytes, at + 1) : passCharacter(bytes, at);
    if (at === NOT) return NOT;
  }
}

/** A text in quotes in which every byte stands for itself. */
export function passPlainText(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== QUOTE) return NOT;
  const plain = PLAIN;
  let at = from + 1;
  while (plain[bytes[at] ?? 0] === 1) at += 1;
  return bytes[at] === QUOTE ? at + 1 : NOT;
}

/** A text in quotes that says something. */
export const passFullText = (bytes: Uint8Array, at: number): number =>
  bytes[at] === QUOTE && bytes[at + 1] !== QUOTE ? passText(bytes, at + 1) : NOT;

/** What stands between a name and its value. */
export function passColon(bytes: Uint8Array, from: number): number {
  const at = passSpace(bytes, from);
  return bytes[at] === COLON ? passSpace(bytes, at + 1) : NOT;
}

/** What stands between two values; spaces before it are passed already. */
export const passComma = (bytes: Uint8Array, at: number): number =>
  bytes[at] === COMMA ? passSpace(bytes, at + 1) : NOT;

function passEscape(bytes: Uint8Array, at: number): number {
  if (is(ESCAPED, bytes[at])) return at + 1;
  if (bytes[at] !== 0x75) return NOT;
  for (let i = 1; i <= 4; i++) if (!is(HEX, bytes[at + i])) return NOT;
  return at + 5;
}

/** A character of several bytes, well-formed as UTF-8 wants it (Unicode, table 3-7). */
function passCharacter(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return NOT;
  const count = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const second = bytes[at + 1] ?? 0;
  if (second < leastSecond(lead) || second > greatestSecond(lead)) return NOT;
  for (let i = 2; i < count; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return NOT;
  return at + count;
}

/** Nothing may be written longer than it must. */
const leastSecond = (lead: number): number => (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80);
/** No halves of pairs, nothing beyond the last plane. */
const greatestSecond = (lead: number): number => (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf);

/** Any value. */
export function passValue(bytes: Uint8Array, at: number, levels = 0): number {
  switch (bytes[at] ?? 0) {
    case QUOTE:
      return passText(bytes, at + 1);
    case OPEN_OBJECT:
      return levels < LEVELS_MAX ? passObject(bytes, at + 1, levels + 1) : NOT;
    case OPEN_LIST:
      return levels < LEVELS_MAX ? passList(bytes, at + 1, levels + 1) : NOT;
    case 0x74:
      return passWord(bytes, at, TRUE);
    case 0x66:
      return passWord(bytes, at, FALSE);
    case 0x6e:
      return passWord(bytes, at, NULL);
    default:
      return passNumber(bytes, at);
  }
}

export const wordOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

const TRUE = wordOf("true");
const FALSE = wordOf("false");
export const NULL = wordOf("null");

export function passWord(bytes: Uint8Array, at: number, word: Uint8Array): number {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return NOT;
  return at + word.length;
}

/** From behind the brace to behind the other one. */
function passObject(bytes: Uint8Array, from: number, levels: number): number {
  let at = passSpace(bytes, from);
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  while (bytes[at] === QUOTE) {
    at = passText(bytes, at + 1);
    at = passValue(bytes, passColon(bytes, at), levels);
    at = passSpace(bytes, at);
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    at = passComma(bytes, at);
  }
  return NOT;
}

function passList(bytes: Uint8Array, from: number, levels: number): number {
  let at = passSpace(bytes, from);
  if (bytes[at] === CLOSE_LIST) return at + 1;
  while (at !== NOT) {
    at = passSpace(bytes, passValue(bytes, at, levels));
    if (bytes[at] === CLOSE_LIST) return at + 1;
    at = passComma(bytes, at);
  }
  return NOT;
}

function passNumber(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from;
  // A zero in front stands alone.
  at = bytes[at] === 0x30 ? at + 1 : passDigits(bytes, at);
  if (at !== NOT && bytes[at] === POINT) at = passDigits(bytes, at + 1);
  if (at === NOT || ((bytes[at] ?? 0) | 0x20) !== 0x65) return at;
  const sign = bytes[at + 1];
  return passDigits(bytes, sign === MINUS || sign === 0x2b ? at + 2 : at + 1);
}

/** One at least. */
export function passDigits(bytes: Uint8Array, from: number): number {
  const digit = DIGIT;
  let at = from;
  while (digit[bytes[at] ?? 0] === 1) at += 1;
  return at === from ? NOT : at;
}

/** Ids and times as most senders write them, told from their bytes; every other form is left to a parser. */
import { NOT, passDigits } from "./json-bytes.ts";

const PLUS = 0x2b;
const HYPHEN = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const POINT = 0x2e;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
export const ID_BYTES = 36;

/** Whether these 36 bytes are a UUID in lower case with hyphens. */
export function isId(bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < ID_BYTES; i++) {
    const byte = bytes[from + i] ?? 0;
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (byte !== HYPHEN) return false;
    } else if (!isHexDigit(byte)) return false;
  }
  return true;
}

/** The id as text: for so few bytes, all in ASCII, a TextDecoder takes several times as long. */
export const idAt = (bytes: Uint8Array, from: number): string =>
  twelve(bytes, from) + twelve(bytes, from + 12) + twelve(bytes, from + 24);

function twelve(bytes: Uint8Array, from: number): string {
  const at = (i: number): number => bytes[from + i] ?? 0;
  const { fromCharCode } = String;
  return fromCharCode(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11));
}

const isHexDigit = (byte: number): boolean =>
  (byte >= ZERO && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);

/** Whether the bytes in [from, end) are a time such as `2026-01-02T03:04:05.678Z` or `…+01:00` that there was. */
export function isTime(bytes: Uint8Array, from: number, end: number): boolean {
  if (!isDate(bytes, from) || bytes[from + 10] !== LETTER_T || !isClock(bytes, from + 11)) return false;
  const at = bytes[from + 19] === POINT ? passDigits(bytes, from + 20) : from + 19;
  const isShort = at !== NOT && at - from <= 29;
  return isShort && isZone(bytes, at, end);
}

function isZone(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] === LETTER_Z) return at + 1 === end;
  const isSigned = bytes[at] === HYPHEN || bytes[at] === PLUS;
  return isSigned && at + 6 === end && isMinuteOfDay(bytes, at + 1);
}

/** A day that every year has, of the years in which an instant is exact. */
function isDate(bytes: Uint8Array, at: number): boolean {
  const century = two(bytes, at);
  const month = two(bytes, at + 5);
  const day = two(bytes, at + 8);
  const isWritten = bytes[at + 4] === HYPHEN && bytes[at + 7] === HYPHEN;
  const isYear = (century === 19 || century === 20 || century === 21) && two(bytes, at + 2) >= 0;
  return isWritten && isYear && day >= 1 && day <= (DAYS[month] ?? 0);
}

/** Of each month, by its number; a leap day is left to a parser. */
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isClock(bytes: Uint8Array, at: number): boolean {
  const second = two(bytes, at + 6);
  return isMinuteOfDay(bytes, at) && bytes[at + 5] === COLON && second >= 0 && second <= 59;
}

function isMinuteOfDay(bytes: Uint8Array, at: number): boolean {
  const hour = two(bytes, at);
  const minute = two(bytes, at + 3);
  return hour >= 0 && hour <= 23 && bytes[at + 2] === COLON && minute >= 0 && minute <= 59;
}

/** Two digits as a number, or -1. */
function two(bytes: Uint8Array, at: number): number {
  const high = (bytes[at] ?? 0) - ZERO;
  const low = (bytes[at + 1] ?? 0) - ZERO;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : NOT;
}

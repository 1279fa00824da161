/** The lines of a story: `09:00:00 host.a beat (sent at 08:59)` and `09:01:30 run restart-host for host.a`. */
import {
  type Duration,
  type Instant,
  instant,
  parseDuration,
  parseInstant,
} from "../../src/core/model/time.ts";

const CLOCK = String.raw`(?:day (\d+), )?(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)`;
const TOLD = new RegExp(`^${CLOCK} (.+)$`);
const EVENT = new RegExp(String.raw`^(\S+) (\S+)(?: \(sent at ${CLOCK}\))?$`);
const ORDER = /^(disable|enable|delete|update)(?: (\S.*))?$/;
const RUN = new RegExp(String.raw`^run (\S+)(?: for (.+?))?(?: \(by ([^()]+)\))?(?: \(after (\S+)\))?$`);
const BY = new RegExp(String.raw`^(\S+) at ${CLOCK}$`);

const FIRST_DAY = Date.UTC(2026, 0, 1) * 1000;
const DAY = 86_400_000_000;

export type Words =
  | { readonly kind: "silence" }
  | { readonly kind: "down" }
  | { readonly kind: "up" }
  | { readonly kind: "disable" | "enable" | "delete" | "update"; readonly name: string | null }
  | {
      readonly kind: "event";
      readonly resource: string;
      readonly event: string;
      readonly sentAt: Instant | null;
    };

/** What a line of `told` says; null where it says nothing we know. */
export function readTold(text: string): { readonly at: Instant; readonly words: Words } | null {
  const timed = readTimed(text);
  const words = timed === null ? null : wordsOf(timed.rest);
  return timed === null || words === null ? null : { at: timed.at, words };
}

function wordsOf(text: string): Words | null {
  if (text === "silence" || text === "down" || text === "up") return { kind: text };
  const order = ORDER.exec(text);
  if (order !== null) return { kind: orderOf(order[1]), name: order[2] ?? null };
  const [found, resource = "", event = "", day, clock] = EVENT.exec(text) ?? [];
  if (found === undefined) return null;
  const sentAt = readClock(day, clock);
  return clock !== undefined && sentAt === null ? null : { kind: "event", resource, event, sentAt };
}

function orderOf(word: string | undefined): "disable" | "enable" | "delete" | "update" {
  return word === "disable" || word === "enable" || word === "delete" ? word : "update";
}

export interface RunWords {
  readonly at: Instant;
  readonly deployment: string;
  readonly key: string;
  readonly by: string | null;
  readonly after: Duration | null;
}

/** What a line of `then` says; null where it says nothing we know. */
export function readThen(text: string): RunWords | null {
  const timed = readTimed(text);
  if (timed === null) return null;
  const found = RUN.exec(timed.rest);
  if (found === null) return null;
  const [, deployment = "", key = "", event, delay] = found;
  const by = event === undefined ? null : readBy(event);
  const after = delay === undefined ? null : (parseDuration(delay) ?? undefined);
  return by === undefined || after === undefined ? null : { at: timed.at, deployment, key, by, after };
}

/** Every line opens with its time. */
function readTimed(text: string): { readonly at: Instant; readonly rest: string } | null {
  const [, day, clock, rest = ""] = TOLD.exec(text) ?? [];
  const at = readClock(day, clock);
  return at === null ? null : { at, rest };
}

/** `nothing`, or an event by its name and when it was told; undefined for anything else. */
function readBy(text: string): string | undefined {
  if (text === "nothing") return text;
  const [, event = "", day, clock] = BY.exec(text) ?? [];
  const told = readClock(day, clock);
  return told === null ? undefined : byWords(event, told);
}

/** How an event is called by the runs it pays for. */
export const byWords = (event: string, toldAt: Instant): string => `${event} at ${writeClock(toldAt)}`;

function readClock(day: string | undefined, clock: string | undefined): Instant | null {
  if (clock === undefined) return null;
  const at = parseInstant(`2026-01-01T${clock}Z`);
  return at === null ? null : instant(at + (Number(day ?? 1) - 1) * DAY);
}

/** `09:00:00`, with its milliseconds where it has some, and `day 2, ` before it on later days. */
export function writeClock(at: Instant): string {
  const day = Math.floor((at - FIRST_DAY) / DAY) + 1;
  const time = new Date(at / 1000)
    .toISOString()
    .slice(11, 23)
    .replace(/\.000$/, "");
  return day === 1 ? time : `day ${day}, ${time}`;
}

/** One event as a line of a file: as people write it, with the time at which it came in if that is known. */
import type { Event } from "../../../core/model/event.ts";
import { DEFAULT_LIMITS, readEvent } from "../../../core/model/event-reader.ts";
import { bad, formatFault, good, type Result } from "../../../core/model/fault.ts";
import { deriveTimeId } from "../../../core/model/id.ts";
import { isJsonObject, type Json } from "../../../core/model/json.ts";
import { type Instant, instant, parseInstant, toMillis } from "../../../core/model/time.ts";
import type { Line } from "./lines.ts";

/** Null for a line of nothing but blanks; without `received` it came in when it occurred. */
export function eventOf({ number, text }: Line): Result<Event> | null {
  if (text === null) return fault([], "the line is longer than an event may be");
  if (text.trim() === "") return null;
  const json = parsed(text);
  if (json === undefined) return fault([], "expected one event as a JSON object");
  const received = isJsonObject(json) ? receivedOf(json["received"] ?? json["occurred"]) : instant(0);
  if (received === null) {
    return fault(["received"], "expected the time at which it came in, or in `occurred` when it happened");
  }
  return readEvent(json, {
    received,
    id: () => deriveTimeId(toMillis(received), "replayed", number),
    limits: DEFAULT_LIMITS,
  });
}

const fault = (at: readonly string[], message: string): Result<never> =>
  bad([{ at, type: "value_error", message }]);

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Text or seconds, as `occurred` is read; that reader says what is wrong with `occurred` itself. */
function receivedOf(value: Json | undefined): Instant | null {
  if (value === undefined || value === null) return null;
  const read = readEvent(
    { event: "", resource: { "prefect.resource.id": "-" }, occurred: value },
    { received: instant(0), id: () => "", limits: DEFAULT_LIMITS },
  );
  return read.ok ? read.value.occurred : null;
}

/** A time as people type it. */
export function timeOf(text: string): Result<Instant> {
  const at = parseInstant(text);
  const message = `expected a time as in 2026-11-20T10:00:00Z; found ${JSON.stringify(text)}`;
  return at === null ? bad([{ at: ["--until"], type: "value_error", message }]) : good(at);
}

export const faultsOf = (read: Exclude<Result<never>, { readonly ok: true }>): string =>
  read.faults.map((one) => formatFault({ ...one, message: plain(one.message) })).join("; ");

const plain = (message: string): string => message.replace(/^Value error, /, "");

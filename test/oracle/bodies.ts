/** Bodies of conformance cases as data of the core. */
import assert from "node:assert/strict";
import type { Automation } from "../../src/core/model/automation.ts";
import type { Event } from "../../src/core/model/event.ts";
import { DEFAULT_LIMITS, readEvent } from "../../src/core/model/event-reader.ts";
import type { Json, JsonObject } from "../../src/core/model/json.ts";
import { type Instant, parseInstant } from "../../src/core/model/time.ts";
import { parseAutomation } from "../../src/define/define.ts";

export function readTime(value: Json | undefined): Instant {
  const at = typeof value === "string" ? parseInstant(value) : null;
  assert.ok(at !== null, `expected a time, got ${JSON.stringify(value)}`);
  return at;
}

export function idOf(body: JsonObject): string {
  const { id } = body;
  assert.ok(typeof id === "string");
  return id;
}

/** The event as it came in at W, unless it says itself when it was received. */
export function readEventBody(body: JsonObject, at: Instant): Event {
  const received = body["received"] === undefined ? at : readTime(body["received"]);
  const read = readEvent(body, { received, id: () => "", limits: DEFAULT_LIMITS });
  assert.ok(read.ok);
  return read.value;
}

/** The automation with its own ids; null where it is refused. */
export function readAutomation(
  body: JsonObject,
  { created, updated }: { readonly created: Instant; readonly updated: Instant },
): Automation | null {
  const read = parseAutomation(body, { id: idOf(body), now: updated, created, fixedIds: true });
  return read.ok ? read.value : null;
}

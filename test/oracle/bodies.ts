/** Times of conformance cases and their answers. */
import assert from "node:assert/strict";
import type { Json } from "../../src/core/model/json.ts";
import { type Instant, parseInstant } from "../../src/core/model/time.ts";

export function readTime(value: Json | undefined): Instant {
  const at = typeof value === "string" ? parseInstant(value) : null;
  assert.ok(at !== null, `expected a time, got ${JSON.stringify(value)}`);
  return at;
}

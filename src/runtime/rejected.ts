/** What could not be read is kept in a topic of its own, with its place and the reason; nothing is lost silently. */
import type { Rejection } from "../core/model/rejection.ts";
import type { Output } from "./chain/chain.ts";
import type { LogRecord } from "./ports.ts";

const VALUE_BYTES = 64 * 1024;
const decoder = new TextDecoder();

export function rejection(
  place: { readonly topic: string; readonly partition: number },
  record: LogRecord,
  reason: string,
): Output {
  const value: Rejection = {
    ...place,
    offset: record.offset,
    key: record.key,
    reason,
    value: record.value === null ? null : decoder.decode(record.value.subarray(0, VALUE_BYTES)),
    at: record.timestamp,
  };
  // Spread over the partitions by where it came from, so that no key is needed to find its neighbours again.
  return {
    topic: "rejected",
    partition: null,
    key: `${place.topic}-${place.partition}`,
    value,
    gathers: false,
  };
}

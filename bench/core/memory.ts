/** Memory per open bucket: how much the heap grows by a million keys, and by an event for each of them. */
import { memoryUsage } from "node:process";
import type { Event } from "../../src/core/model/event.ts";
import { Chains, read } from "./contestants.ts";
import type { Sent } from "./sent.ts";
import type { Variant } from "./workloads.ts";

export interface Memory {
  readonly keys: number;
  readonly bytesPerBucket: number;
  readonly bytesPerEvent: number;
}

export function measureMemory({ automations, events }: Variant, keys: number): Memory {
  const chains = new Chains(automations, "actions");
  const bucketBytes = growth(() => {
    for (const { chain, text, at } of first(keys, events())) {
      chains.take(chain, read(text, at));
      chains.commit();
    }
    return chains;
  });
  const eventBytes = growth(() => {
    const kept = new Map<string, Event>();
    for (const { resource, text, at } of first(keys, events())) kept.set(resource, read(text, at));
    return kept;
  });
  return { keys, bytesPerBucket: bucketBytes / keys, bytesPerEvent: eventBytes / keys };
}

function* first(count: number, events: Iterable<Sent>): Iterable<Sent> {
  let left = count;
  for (const sent of events) {
    if (left-- <= 0) return;
    yield sent;
  }
}

function growth(make: () => unknown): number {
  globalThis.gc?.();
  const before = memoryUsage().heapUsed;
  const made = make();
  globalThis.gc?.();
  const after = memoryUsage().heapUsed;
  return made === null ? 0 : after - before;
}

/** Events: something that happened to a resource; immutable. Field names are Prefect's own (triggers-spec 1.1). */
import type { JsonObject } from "./json.ts";
import { type Labels, labelOf, RESOURCE_ID } from "./labels.ts";
import { earlier, type Instant } from "./time.ts";

export interface Event {
  /** A UUID chosen by the sender; by it duplicates are told. */
  readonly id: string;
  /** What happened, by name: `external.resource.pinged`. */
  readonly event: string;
  /** When it happened, by the sender's clock. */
  readonly occurred: Instant;
  /** When it reached us: the broker's record timestamp. */
  readonly received: Instant;
  /** What it is about; always has a non-empty `prefect.resource.id`. */
  readonly resource: Labels;
  /** What else was involved, each in a non-empty role. */
  readonly related: readonly Labels[];
  readonly payload: JsonObject;
  /** The id of an event known to have happened before this one. */
  readonly follows: string | null;
  /** Ids of the automations that led to this event, directly or through others (semantics.md, S15). */
  readonly causes: readonly string[];
}

/** Event time: windows go by it, and nobody can reach into the future (semantics.md, S1). */
export const eventTime = (event: Event): Instant => earlier(event.occurred, event.received);

export const resourceId = (event: Event): string => labelOf(event.resource, RESOURCE_ID) ?? "";

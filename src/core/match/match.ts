/** Match: finds the triggers that an event interests, and the bucket each of them counts it in (semantics.md, section 2). */
import { type Event, resourceId } from "../model/event.ts";
import { bucketKey, type Match } from "../model/match.ts";
import type { Taken } from "../model/taken.ts";
import type { Emission, Home, Stage } from "../processor.ts";
import { type Candidate, keyFor } from "./candidate.ts";
import { indexOf } from "./trigger-index.ts";

export { whyNot } from "./why-not.ts";

export const match: Stage<never, Taken> = {
  process({ input }, { automations }) {
    const emit: Emission[] = [];
    // Nothing is ever asked for a wake-up here, so none can come.
    if (input.kind === "taken") {
      for (const candidate of indexOf(automations).candidates(input.event)) offer(candidate, input, emit);
    }
    return { state: null, emit, wakeAt: null };
  },
  prepare: indexOf,
};

/** Sends the event to the candidate's bucket, if it is of interest. */
function offer(candidate: Candidate, { event, takenAt, rank }: Taken, emit: Emission[]): void {
  const { interest, triggerId, revision } = candidate;
  const starts = interest.isStart(event.event);
  const expected = interest.isExpected(event.event);
  if (!starts && !expected) return;
  // An automation does not see events it caused itself, directly or through others (S15).
  if (event.causes.length > 0 && event.causes.includes(candidate.placed.automation.id)) return;
  if (!interest.concerns(event)) return;
  const key = keyFor(candidate, event);
  const value: Match = { kind: "match", triggerId, revision, key, starts, expected, event, takenAt, rank };
  const at = bucketKey(triggerId, key);
  emit.push({ to: candidate.stage, key: at, home: homeOf(candidate, at, event), value });
}

function homeOf({ home }: Candidate, at: string, event: Event): Home | null {
  switch (home) {
    case "none":
      return null;
    case "resource":
      return { of: resourceId(event), gathers: false };
    case "bucket":
      return { of: at, gathers: true };
  }
}

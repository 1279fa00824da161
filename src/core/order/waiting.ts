/** Who waits for whom: followers are kept under their leader, and under the instant at which they have waited long enough. */
import type { Event } from "../model/event.ts";
import type { Instant } from "../model/time.ts";

/** What is kept under the id of an event, or under an instant. */
export interface Waiting {
  /** The event itself, while it waits for its leader. */
  readonly held: Event | null;
  /** Events held until this one is taken, or until this instant. */
  readonly followers: readonly Follower[];
}

export interface Follower {
  readonly id: string;
  readonly occurred: Instant;
  /** When it has waited long enough. */
  readonly due: Instant;
}

/** The key of an instant as a leader of last resort; ids of events are UUIDs and never look like this. */
export const instantKey = (at: Instant): string => `instant|${at}`;
export const isInstantKey = (key: string): boolean => key.startsWith("instant|");

/** With one more follower, in the order in which they are to be taken. */
export function join(followers: readonly Follower[], follower: Follower): readonly Follower[] {
  return [...followers, follower].toSorted(byOccurrence);
}

const byOccurrence = (a: Follower, b: Follower): number =>
  a.occurred - b.occurred || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Null where nothing is left to keep. */
export const kept = (waiting: Waiting): Waiting | null =>
  waiting.held === null && waiting.followers.length === 0 ? null : waiting;

/** When the last of the followers will have gone of its own. */
export const lastDue = (followers: readonly Follower[]): Instant | null =>
  followers.reduce<Instant | null>((last, { due }) => (last === null || due > last ? due : last), null);

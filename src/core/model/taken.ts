/** Taken events: an event whose turn has come, as `order` hands it to `match`. */
import type { Event } from "./event.ts";
import type { Instant } from "./time.ts";

export interface Taken {
  readonly kind: "taken";
  readonly event: Event;
  /** W while the event is taken: its `received`, or for a released follower the instant of its release. */
  readonly takenAt: Instant;
  /** Where it stands among the events taken at that instant; null where it came by itself (model/rank.ts). */
  readonly rank: string | null;
}

/** Order: events are taken once, and after the event they follow (semantics.md, sections 2 and 6). */
import type { Event } from "../model/event.ts";
import { followerRank, rankOf, releaseRank } from "../model/rank.ts";
import type { Taken } from "../model/taken.ts";
import { type Duration, type Instant, minus, minutes, plus } from "../model/time.ts";
import { type Emission, type Outcome, type Stage, unchanged, type Wake, type World } from "../processor.ts";
import { type Follower, instantKey, isInstantKey, join, kept, lastDue, type Waiting } from "./waiting.ts";

export type { Waiting } from "./waiting.ts";

export type OrderInput =
  | { readonly kind: "event"; readonly event: Event }
  /** Keep this follower until the event of this key is taken, or its instant has come. */
  | { readonly kind: "hold"; readonly follower: Follower }
  /** The follower of this key is to be taken now; `leader` is the rank of the event it followed, if that came. */
  | {
      readonly kind: "release";
      readonly at: Instant;
      readonly leader: string | null;
      readonly depth: number;
    };

/** How long a follower waits for its leader. */
const HOLD = minutes(15);
/** A leader is looked for no further back than this before its follower. */
const REACH = minutes(5);
/** Chains of followers are taken at once down to this depth; what lies deeper waits for its own time. */
const DEPTH_MAX = 20;
const LOG_WRITE = "prefect.log.write";

export const order = orderHolding(HOLD);

/** With another hold (the setting `follows_hold`); 0 holds nothing back. */
export function orderHolding(hold: Duration): Stage<Waiting, OrderInput> {
  return {
    process({ key, state, input }, world) {
      switch (input.kind) {
        case "event":
          return arrive(state, input.event, { world, hold });
        case "hold":
          return keep(key, state, input.follower);
        case "release":
          return release(state, input);
        case "wake":
          return wake(key, state, input);
      }
    },
  };
}

function arrive(
  state: Waiting | null,
  event: Event,
  { world, hold }: { readonly world: World; readonly hold: Duration },
): Outcome<Waiting> {
  const followers = state?.followers ?? NOBODY;
  const isDuplicate = (state !== null && state.held !== null) || world.seen.has(event.id, world.at);
  if (event.event === LOG_WRITE || isDuplicate) return unchanged(state, lastDue(followers));

  const leader = awaited(event, world, hold);
  if (leader === null) {
    return take(followers, { event, takenAt: world.at, rank: null, depth: 0 });
  }
  const due = plus(event.received, hold);
  const follower: Follower = { id: event.id, occurred: event.occurred, due };
  return {
    state: { held: event, followers },
    emit: [leader, instantKey(due)].map((key) => toOrder(key, { kind: "hold", follower })),
    wakeAt: lastDue(followers),
  };
}

/** The leader an event has to wait for, or null where it need not wait. */
function awaited(event: Event, world: World, hold: Duration): string | null {
  const leader = event.follows;
  if (leader === null || leader === event.id) return null;
  if (world.at - event.received >= hold || world.seen.has(leader, world.at)) return null;
  // The leader may have been taken and forgotten since; then it would be waited for in vain.
  if (world.seen.reachesBackTo > minus(event.occurred, REACH)) return null;
  return leader;
}

function keep(key: string, state: Waiting | null, follower: Follower): Outcome<Waiting> {
  const followers = join(state?.followers ?? [], follower);
  return {
    state: { held: state?.held ?? null, followers },
    emit: [],
    wakeAt: isInstantKey(key) ? follower.due : lastDue(followers),
  };
}

function release(
  state: Waiting | null,
  { at, leader, depth }: Extract<OrderInput, { kind: "release" }>,
): Outcome<Waiting> {
  const event = state?.held ?? null;
  // It was released before: by its leader, or by its time.
  if (state === null || event === null) return unchanged(state, lastDue(state?.followers ?? []));
  if (depth > DEPTH_MAX) return unchanged(state, lastDue(state.followers));
  const rank = leader === null ? releaseRank(event) : followerRank(leader, event);
  return take(state.followers, { event, takenAt: at, rank, depth });
}

/** The event goes on, and at once after it those that waited for it. */
function take(
  followers: readonly Follower[],
  { event, takenAt, rank, depth }: Omit<Taken, "kind"> & { readonly depth: number },
): Outcome<Waiting> {
  const taken: Taken = { kind: "taken", event, takenAt, rank };
  const onwards: Emission = { to: "match", key: event.id, home: null, value: taken };
  if (followers.length === 0) return { state: null, emit: [onwards], wakeAt: null };
  const leader = rankOf(taken);
  const released = followers.map(({ id }) =>
    toOrder(id, { kind: "release", at: takenAt, leader, depth: depth + 1 }),
  );
  return { state: null, emit: [onwards, ...released], wakeAt: null };
}

function wake(key: string, state: Waiting | null, { at }: Wake): Outcome<Waiting> {
  if (state === null) return NOTHING;
  if (isInstantKey(key)) {
    const emit = state.followers.map(({ id }) =>
      toOrder(id, { kind: "release", at, leader: null, depth: 0 }),
    );
    return { state: null, emit, wakeAt: null };
  }
  // The leader did not come in time; its followers have gone without it.
  const followers = state.followers.filter(({ due }) => due > at);
  return unchanged(kept({ ...state, followers }), lastDue(followers));
}

const NOBODY: readonly Follower[] = [];

const NOTHING: Outcome<Waiting> = { state: null, emit: [], wakeAt: null };

const toOrder = (key: string, value: OrderInput): Emission => ({ to: "order", key, home: null, value });

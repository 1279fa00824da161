/** Evaluate: counts matches in buckets, and fires on presence or absence (semantics.md, section 3). */
import type { AutomationTable, Placed } from "../model/automation-table.ts";
import { bucketKey, type Match, splitBucketKey } from "../model/match.ts";
import { type Duration, duration, type Instant, later } from "../model/time.ts";
import { type EventTrigger, isStateless } from "../model/trigger.ts";
import { upwards } from "../model/upwards.ts";
import type { Emission, Stage, Wake, World } from "../processor.ts";
import { type Bucket, endOf, isStanding, nextTimer, type Turn } from "./bucket.ts";
import { firingOf } from "./firing-of.ts";
import { react, reactAtOnce } from "./react.ts";
import { admit, type Sighting, sightingOf } from "./sighting.ts";
import { judge, judgeUntil, watch } from "./watch.ts";

export type { Bucket } from "./bucket.ts";

/** Open the bucket of a trigger that watches from the moment it is loaded. */
export interface Open {
  readonly kind: "open";
  readonly triggerId: string;
  /** W where the trigger was loaded. */
  readonly at: Instant;
}

export type EvaluateInput = Match | Open;

export const evaluate = evaluateGranting(duration(0));

/** With a grace for all absence to be judged by (the setting `grace`). */
export function evaluateGranting(grace: Duration): Stage<Bucket, EvaluateInput> {
  return {
    process({ key, state, input }, world) {
      // A match says what its key says, and needs no parsing.
      const { triggerId, key: values } = input.kind === "match" ? input : splitBucketKey(key);
      const watched = watchedBy(world.automations, triggerId);
      // The trigger is gone, and its buckets with it (S13).
      if (watched === null) return { state: null, emit: [], wakeAt: null };
      const { placed, trigger } = watched;

      const turn = turnOf(trigger, state, { input, world, grace });
      const timer = turn.bucket === null ? null : nextTimer(trigger, turn.bucket, grace);
      const emit = turn.fired.map((fired) => upwards(placed, firingOf(watched, values, { fired, input })));
      return { state: turn.bucket, emit, wakeAt: timer === null ? null : timer.at };
    },
    placeOf: (input) => ({
      at: input.kind === "open" ? input.at : input.takenAt,
      rank: input.kind === "open" ? "" : input.rank,
      moment: "",
    }),
    owner: { of: (key) => splitBucketKey(key).triggerId, keptWhile: "meaning" },
    loaded: opening,
  };
}

function watchedBy(
  automations: AutomationTable,
  triggerId: string,
): { readonly placed: Placed; readonly trigger: EventTrigger } | null {
  const placed = automations.triggers.get(triggerId);
  return placed?.trigger.kind === "event" ? { placed, trigger: placed.trigger } : null;
}

interface Call {
  readonly input: EvaluateInput | Wake;
  readonly world: World;
  readonly grace: Duration;
}

function turnOf(trigger: EventTrigger, bucket: Bucket | null, { input, world, grace }: Call): Turn {
  switch (input.kind) {
    case "wake":
      return runTimers(trigger, bucket, { until: input.at, grace });
    case "open":
      return { bucket: bucket ?? openStanding(trigger, later(input.at, world.at)), fired: [] };
    case "match": {
      const sighting = sightingOf(input);
      if (isStateless(trigger)) return reactAtOnce(sighting);
      // What is due by now comes before the event, even if the event before it made it so.
      const settled = runTimers(trigger, bucket, { until: sighting.takenAt, grace });
      const turn = see(trigger, settled.bucket, sighting);
      return { bucket: turn.bucket, fired: [...settled.fired, ...turn.fired] };
    }
  }
}

/** Runs the bucket's timers that are due, each at its own time. */
function runTimers(
  trigger: EventTrigger,
  bucket: Bucket | null,
  { until, grace }: { readonly until: Instant; readonly grace: Duration },
): Turn {
  let turn: Turn = { bucket, fired: [] };
  while (turn.bucket !== null) {
    const timer = nextTimer(trigger, turn.bucket, grace);
    if (timer === null || timer.at > until) break;
    if (timer.does === "forget") return { ...turn, bucket: null };
    const isMadeDue = timer.at === turn.bucket.lagSetAt;
    const judged = judge(trigger, turn.bucket, { cause: "timer", isMadeDue, triggered: timer.at });
    turn = { bucket: judged.bucket, fired: [...turn.fired, ...judged.fired] };
  }
  return turn;
}

/** An event of interest: what it ends is judged first, then it finds its bucket, then it is counted. */
function see(trigger: EventTrigger, bucket: Bucket | null, sighting: Sighting): Turn {
  const showsEnd = trigger.posture === "Proactive" && (trigger.after.length === 0 || sighting.starts);
  const judged = showsEnd
    ? judgeUntil(trigger, bucket, sighting.time, { cause: "event", triggered: sighting.takenAt })
    : { bucket, fired: [] };
  const open = admit(trigger, judged.bucket, sighting);
  if (open === null || !sighting.expected) return { bucket: open, fired: judged.fired };
  if (trigger.posture === "Proactive") {
    return { bucket: watch(trigger, open, sighting), fired: judged.fired };
  }
  return react(trigger, open, sighting);
}

const openStanding = (trigger: EventTrigger, at: Instant): Bucket => ({
  start: at,
  end: endOf(trigger, at),
  count: 0,
  last: null,
  paidBy: [],
  lag: duration(0),
  lagSetAt: at,
  touchedAt: at,
});

/** A trigger that stands by itself has its bucket from the moment it is loaded; all others wait for an event. */
function opening(triggerId: string, { automations, at }: World): readonly Emission[] {
  const watched = watchedBy(automations, triggerId);
  if (watched === null || !isStanding(watched.trigger)) return [];
  const key = bucketKey(triggerId, []);
  const value: Open = { kind: "open", triggerId, at };
  return [{ to: "evaluate", key, home: { of: key, gathers: true }, value }];
}

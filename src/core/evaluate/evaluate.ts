/** Evaluate: counts matches in buckets, and fires on presence or absence (semantics.md, section 3). */
import type { AutomationTable, Placed } from "../model/automation-table.ts";
import { eventTime } from "../model/event.ts";
import { bucketKey, type Match, splitBucketKey, triggerIn } from "../model/match.ts";
import { rankOf } from "../model/rank.ts";
import { type Duration, duration, type Instant, later } from "../model/time.ts";
import { type EventTrigger, isStateless } from "../model/trigger.ts";
import { upwards } from "../model/upwards.ts";
import type { Emission, Stage, Wake, World } from "../processor.ts";
import { type Bucket, dueAt, endOf, isStanding, isToBeJudged, joined, silent, type Turn } from "./bucket.ts";
import { firingOf } from "./firing-of.ts";
import { react, reactAtOnce } from "./react.ts";
import { admit, type Sighting } from "./sighting.ts";
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

      const { bucket, fired } = turnOf(trigger, state, { input, world, grace });
      return {
        state: bucket,
        emit:
          fired.length === 0
            ? NOTHING
            : fired.map((one) => upwards(placed, firingOf(watched, values, { fired: one, input }))),
        wakeAt: bucket === null ? null : dueAt(trigger, bucket, grace),
      };
    },
    placeOf: (input) => ({
      at: input.kind === "open" ? input.at : input.takenAt,
      rank: input.kind === "open" ? "" : rankOf(input),
      moment: "",
    }),
    owner: { of: triggerIn, keptWhile: "meaning" },
    loaded: opening,
  };
}

const NOTHING: readonly Emission[] = [];

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
      return silent(bucket ?? openStanding(trigger, later(input.at, world.at)));
    case "match": {
      if (isStateless(trigger)) return reactAtOnce(input);
      // What is due by now comes before the event, even if the event before it made it so.
      const settled = runTimers(trigger, bucket, { until: input.takenAt, grace });
      return joined(settled, see(trigger, settled.bucket, input));
    }
  }
}

/** Runs the bucket's timers that are due, each at its own time. */
function runTimers(
  trigger: EventTrigger,
  bucket: Bucket | null,
  { until, grace }: { readonly until: Instant; readonly grace: Duration },
): Turn {
  let turn = silent(bucket);
  while (turn.bucket !== null) {
    const due = dueAt(trigger, turn.bucket, grace);
    if (due === null || due > until) break;
    if (!isToBeJudged(trigger, turn.bucket, grace)) return { ...turn, bucket: null };
    const isMadeDue = due === turn.bucket.seenAt;
    turn = joined(turn, judge(trigger, turn.bucket, { cause: "timer", isMadeDue, triggered: due }));
  }
  return turn;
}

/** An event of interest: what it ends is judged first, then it finds its bucket, then it is counted. */
function see(trigger: EventTrigger, bucket: Bucket | null, sighting: Sighting): Turn {
  if (trigger.posture === "Reactive") {
    const open = admit(trigger, bucket, sighting);
    return open === null || !sighting.expected ? silent(open) : react(trigger, open, sighting);
  }
  const showsEnd = trigger.after.length === 0 || sighting.starts;
  const by = { cause: "event", triggered: sighting.takenAt } as const;
  const judged = showsEnd ? judgeUntil(trigger, bucket, eventTime(sighting.event), by) : silent(bucket);
  const open = admit(trigger, judged.bucket, sighting);
  const watched = open === null || !sighting.expected ? open : watch(trigger, open, sighting);
  return { bucket: watched, fired: judged.fired };
}

const openStanding = (trigger: EventTrigger, at: Instant): Bucket => ({
  start: at,
  end: endOf(trigger, at),
  count: 0,
  last: null,
  paidBy: [],
  lag: duration(0),
  seenAt: at,
});

/** A trigger that stands by itself has its bucket from the moment it is loaded; all others wait for an event. */
function opening(triggerId: string, { automations, at }: World): readonly Emission[] {
  const watched = watchedBy(automations, triggerId);
  if (watched === null || !isStanding(watched.trigger)) return [];
  const key = bucketKey(triggerId, []);
  const value: Open = { kind: "open", triggerId, at };
  return [{ to: "evaluate", key, home: { of: key, gathers: true }, value }];
}

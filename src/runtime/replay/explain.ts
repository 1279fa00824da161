/** Explains one trigger: how each event moved its windows or slots, and why it did not fire. */

import type { ComposeInput, Tree } from "../../core/compose/compose.ts";
import type { Bucket, EvaluateInput } from "../../core/evaluate/evaluate.ts";
import { whyNot } from "../../core/match/match.ts";
import type { Placed } from "../../core/model/automation-table.ts";
import { type Event, eventTime } from "../../core/model/event.ts";
import type { Firing } from "../../core/model/firing.ts";
import { findLabel } from "../../core/model/labels.ts";
import { splitBucketKey } from "../../core/model/match.ts";
import type { Taken } from "../../core/model/taken.ts";
import type { Instant } from "../../core/model/time.ts";
import { rootOf } from "../../core/model/tree-key.ts";
import type { EventTrigger, MetricTrigger } from "../../core/model/trigger.ts";
import type { OrderInput, Waiting } from "../../core/order/order.ts";
import type { Wake } from "../../core/processor.ts";
import type { Observed } from "../chain/chain.ts";
import { slotsLines } from "./explain-slots.ts";
import { windowLines } from "./explain-window.ts";

/** One thing that happened, or did not. */
export interface Explained {
  /** Event time, or the time of the timer. */
  readonly at: Instant;
  /** W when it was taken. */
  readonly takenAt: Instant;
  readonly key: readonly string[];
  /** The event that did it; null for a timer. */
  readonly event: Event | null;
  readonly text: string;
}

/** A call of the stage that has this state and these inputs. */
interface Call<State, In> extends Observed {
  readonly before: State | null;
  readonly after: State | null;
  readonly input: In | Wake;
}

/** The step says whose state and inputs a call carries. */
const isOrdering = (seen: Observed): seen is Call<Waiting, OrderInput> => seen.step === "order";
const isMatching = (seen: Observed): seen is Call<never, Taken> => seen.step === "match";
const isEvaluation = (seen: Observed): seen is Call<Bucket, EvaluateInput> => seen.step === "evaluate";
const isComposition = (seen: Observed): seen is Call<Tree, ComposeInput> => seen.step === "compose";

/** What a call did for this trigger; nothing where it did not concern it. */
export function explain(placed: Placed, seen: Observed): readonly Explained[] {
  const { trigger, automation, rootId } = placed;
  if (trigger.kind === "event") {
    if (isOrdering(seen)) return ordered(trigger, seen);
    if (isMatching(seen)) return matched(trigger, automation.id, seen);
    return isEvaluation(seen) ? evaluated(trigger, seen) : [];
  }
  if (trigger.kind === "metric") return seen.step === "measure" ? measured(trigger, seen) : [];
  if (!isComposition(seen) || rootOf(seen.key) !== rootId) return [];
  const { at } = seen;
  const lines = slotsLines(trigger, { ...seen, fired: firingsOf(seen) }, at);
  return lines.map(({ key, text }) => ({ at, takenAt: at, key, event: null, text }));
}

/** Events that go no further than `order`, where they would have been of interest. */
function ordered(trigger: EventTrigger, seen: Call<Waiting, OrderInput>): readonly Explained[] {
  const { input, emit, at } = seen;
  if (input.kind !== "event" || emit.some(({ to }) => to === "match")) return [];
  const { event } = input;
  if (whyNot(trigger, event) !== null) return [];
  return [about(trigger, event, at, emit.length > 0 ? heldText(event) : droppedText(event))];
}

const heldText = ({ follows }: Event): string =>
  `held: it follows ${follows ?? "another"}, which has not come yet`;

const droppedText = ({ event }: Event): string =>
  event === "prefect.log.write"
    ? "dropped: log writes are never evaluated"
    : "dropped: an event of this id came before";

function matched(
  trigger: EventTrigger,
  automationId: string,
  { input, at }: Call<never, Taken>,
): readonly Explained[] {
  if (input.kind === "wake") return [];
  const { event } = input;
  const reason = whyNot(trigger, event);
  if (reason === null) {
    const isOwn = event.causes.includes(automationId);
    return isOwn ? [about(trigger, event, at, "not of interest: this automation led to it itself")] : [];
  }
  // What firings lead to comes between the events of the file; where even its name does not fit, nobody asked for it.
  if (reason.rule === "name" && event.causes.length > 0) return [];
  return [about(trigger, event, at, `not of interest: ${reason.text}`)];
}

function evaluated(trigger: EventTrigger, seen: Call<Bucket, EvaluateInput>): readonly Explained[] {
  const { triggerId, key } = splitBucketKey(seen.key);
  if (triggerId !== trigger.id) return [];
  const { input, at } = seen;
  const event = input.kind === "match" ? input.event : null;
  const lines = windowLines(trigger, { ...seen, fired: firingsOf(seen) });
  return lines.map((text) => ({ at: event === null ? at : eventTime(event), takenAt: at, key, event, text }));
}

/** Of metrics only what fired: between that, every 30 s a value is what it was. */
function measured(trigger: MetricTrigger, seen: Observed): readonly Explained[] {
  const { at } = seen;
  return firingsOf(seen)
    .filter(({ triggerId }) => triggerId === trigger.id)
    .map(({ state, value, key }) => {
      const text = `timer: ${trigger.metric.name} is ${value ?? "unknown"} → ${state}`;
      return { at, takenAt: at, key, event: null, text };
    });
}

const about = (trigger: EventTrigger, event: Event, takenAt: Instant, text: string): Explained => ({
  at: eventTime(event),
  takenAt,
  key: trigger.forEach.toSorted().map((label) => findLabel(event, label) ?? ""),
  event,
  text,
});

const firingsOf = ({ emit }: Observed): readonly Firing[] => emit.map(({ value }) => value).filter(isFiring);

const isFiring = (value: unknown): value is Firing =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "firing";

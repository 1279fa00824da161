/** What a call did to one window, told from the window before and after it (semantics.md, section 3). */
import type { Bucket, EvaluateInput } from "../../core/evaluate/evaluate.ts";
import { eventTime } from "../../core/model/event.ts";
import type { Firing } from "../../core/model/firing.ts";
import type { Match } from "../../core/model/match.ts";
import type { Instant } from "../../core/model/time.ts";
import type { EventTrigger } from "../../core/model/trigger.ts";
import type { Wake } from "../../core/processor.ts";
import { type Words, wordsOn } from "./words.ts";

/** One call of `evaluate` for one bucket. */
export interface WindowTurn {
  readonly before: Bucket | null;
  readonly after: Bucket | null;
  readonly input: EvaluateInput | Wake;
  readonly fired: readonly Firing[];
}

/** What happened, in order; nothing where nothing did. */
export function windowLines(trigger: EventTrigger, turn: WindowTurn): readonly string[] {
  const { input } = turn;
  switch (input.kind) {
    case "open": {
      const { before, after, words } = telling(trigger, turn, input.at);
      return before === null && after !== null ? [`opens the window ${words.window(after)}`] : [];
    }
    case "wake":
      return timerLines(telling(trigger, turn, input.at));
    case "match": {
      const told = telling(trigger, turn, eventTime(input.event));
      if (trigger.posture === "Reactive") return [reactiveLine(told, input)];
      const ended = endedLines(told);
      return [...ended, proactiveLine(told, input, ended.length > 0)];
    }
  }
}

interface Telling extends Omit<WindowTurn, "input"> {
  readonly trigger: EventTrigger;
  readonly words: Words;
  /** Event time, or the time of the timer. */
  readonly at: Instant;
  /** How many sightings it takes. */
  readonly needed: number;
}

const telling = (trigger: EventTrigger, turn: WindowTurn, at: Instant): Telling => ({
  ...turn,
  trigger,
  at,
  words: wordsOn(at),
  needed: Math.max(trigger.threshold, 1),
});

const isOver = (bucket: Bucket, at: Instant): boolean => bucket.end !== null && at >= bucket.end;

function reactiveLine(told: Telling, input: Match): string {
  const { before, after, at, words, needed, fired } = told;
  const ranOut =
    before !== null && isOver(before, at)
      ? `window ${words.window(before)} over with ${before.count} of ${needed}; `
      : "";
  if (fired[0] !== undefined) return firedLine(told, fired[0], ranOut);
  if (after === null) {
    return `${ranOut}${ranOut === "" ? "not counted: no window is open" : "forgotten"}, it waits for ${starts(told)}`;
  }
  if (at < after.start) return `late: before the window's start ${words.time(after.start)}`;
  const isNew = before?.start !== after.start;
  if (isNew && input.starts) return `${ranOut}opens the window ${words.window(after)}`;
  if (!isNew && after.count === before.count) return startWithin(after, words);
  return `${ranOut}counted ${after.count} of ${needed} in ${words.window(after)}`;
}

function firedLine(told: Telling, firing: Firing, ranOut: string): string {
  const { before, after, words, needed, trigger } = told;
  const { windowStart: start, windowEnd: end } = firing;
  if (start === null) return "→ fired: every such event does";
  const next =
    after === null
      ? trigger.after.length > 0
        ? `it waits for ${starts(told)}`
        : "the next event opens a window"
      : `the next window is ${words.window(after)}`;
  const earlier = before?.start === start ? "" : ranOut;
  return `${earlier}counted ${needed} of ${needed} in ${words.window({ start, end })} → fired; ${next}`;
}

const starts = ({ trigger }: Telling): string => `a start (${trigger.after.join(", ")})`;

const startWithin = (open: Bucket, words: Words): string =>
  `a start while the window ${words.window(open)} is open: nothing changes`;

/** The windows of a Proactive trigger that were judged before the event was taken, or by a timer. */
function endedLines(told: Telling): readonly string[] {
  const { before, after, words, needed, fired, at } = told;
  const lines = fired.map(({ windowStart: start, windowEnd: end }) => {
    const count = before !== null && before.start === start ? Math.max(before.count, 0) : 0;
    return `window ${words.window({ start, end })} over with ${count} of ${needed} → fired`;
  });
  const isSatisfied =
    before !== null &&
    before.count >= told.trigger.threshold &&
    isOver(before, at) &&
    before.start !== after?.start;
  if (!isSatisfied) return lines;
  return [`window ${words.window(before)} over with ${before.count} of ${needed}: satisfied`, ...lines];
}

/** What the event itself did to a watch; `isJudged`: another window was over first. */
function proactiveLine(told: Telling, input: Match, isJudged: boolean): string {
  const { before, after, at, words, needed } = told;
  const current = isJudged ? null : before;
  if (after === null) {
    return current === null
      ? `not counted: no window is open, it waits for ${starts(told)}`
      : `counted ${needed} of ${needed} in ${words.window(current)}: satisfied, it waits for ${starts(told)}`;
  }
  if (at < after.start) return `late: before the window's start ${words.time(after.start)}`;
  if (input.starts && current?.start !== after.start) return watchOpened(told, current, after);
  if (isOver(after, at)) return `too late: the window ${words.window(after)} is over`;
  if (after.count === current?.count) return startWithin(after, words);
  const satisfied = after.count >= needed ? ": satisfied" : "";
  return `counted ${after.count} of ${needed} in ${words.window(after)}${satisfied}`;
}

/** A start opens a watch; one that is expected too has satisfied the watch before it. */
function watchOpened({ at, words }: Telling, current: Bucket | null, opened: Bucket): string {
  const isMet = current !== null && !isOver(current, at);
  const met = isMet ? `counted: ${words.window(current)} satisfied; ` : "";
  return `${met}opens the window ${words.window(opened)}`;
}

function timerLines(told: Telling): readonly string[] {
  const { before, after, trigger, words, needed, at, fired } = told;
  if (before === null) return [];
  const ended = trigger.posture === "Proactive" ? endedLines(told) : [];
  if (ended.length > 0 || fired.length > 0) {
    const next = after === null ? `it waits for ${starts(told)}` : `the next is ${words.window(after)}`;
    return ended.map((line, i) => `timer: ${line}${i === ended.length - 1 ? `; ${next}` : ""}`);
  }
  if (after !== null) return [];
  if (!isOver(before, at)) return [`timer: nothing since ${words.time(before.seenAt)} → forgotten`];
  return [`timer: window ${words.window(before)} over with ${before.count} of ${needed} → forgotten`];
}

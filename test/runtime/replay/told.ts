/** Tells a timeline of seconds to a replay, and gives what fired and what was explained. */
import assert from "node:assert/strict";
import type { Automation } from "../../../src/core/model/automation.ts";
import type { Event } from "../../../src/core/model/event.ts";
import type { JsonObject } from "../../../src/core/model/json.ts";
import { type Instant, instant, parseInstant } from "../../../src/core/model/time.ts";
import { parseAutomation } from "../../../src/define/define.ts";
import { explain, type Fired, Replay } from "../../../src/runtime/replay/replay.ts";

const TEN = parseInstant("2026-11-20T10:00:00Z") ?? assert.fail();
export const at = (second: number): Instant => instant(TEN + Math.round(second * 1_000_000));

/** One that runs nothing; triggers are written as the API takes them. */
export function automation(
  name: string,
  trigger: JsonObject,
  actions: readonly JsonObject[] = [],
): Automation {
  const body = { name, trigger: { type: "event", posture: "Reactive", ...trigger }, actions };
  const read = parseAutomation(body, { id: name, now: instant(0) });
  return read.ok ? read.value : assert.fail(JSON.stringify(read.faults));
}

/** `[5, "a"]`: an event named `a` after 5 s; a third part is when it occurred, if that was earlier. */
export type Told = readonly [second: number, name: string, occurred?: number];

export function eventsOf(told: readonly Told[], more: Partial<Event> = {}): readonly Event[] {
  return told.map(([second, event, occurred = second], i) => ({
    id: `e${i}`,
    event,
    occurred: at(occurred),
    received: at(second),
    resource: { "prefect.resource.id": "r" },
    related: [],
    payload: {},
    follows: null,
    causes: [],
    ...more,
  }));
}

export interface Course {
  readonly fired: readonly Fired[];
  /** Time of day and text of everything explained about the trigger. */
  readonly lines: readonly string[];
  readonly replay: Replay;
}

/** Runs them from 10:00 until so many seconds later; explains the trigger of this id, or the root of the first. */
export function course(
  automations: readonly Automation[],
  events: readonly Event[],
  { until = 0, triggerId = automations[0]?.trigger.id }: { until?: number; triggerId?: string } = {},
): Course {
  const fired: Fired[] = [];
  const lines: string[] = [];
  const replay = new Replay({
    onFired: (one) => fired.push(one),
    comesBack: (event) => event,
    observe: (seen) => {
      const placed = replay.tables.automations.triggers.get(triggerId ?? "");
      if (placed === undefined) return;
      for (const { at: time, text } of explain(placed, seen)) {
        const clock = new Date(time / 1000).toISOString().slice(11, 19);
        lines.push(`${clock} ${text}`);
      }
    },
  });
  replay.define(automations, at(0));
  for (const event of events) {
    replay.advance(event.received);
    replay.take(event, event.received);
  }
  replay.advance(at(Math.max(until, ...events.map(({ received }) => (received - TEN) / 1_000_000))));
  return { fired, lines, replay };
}

/** Runs a timeline as `tripline replay` does: event by event, with the timeline's own times. */
import type { Firing } from "../../src/core/model/firing.ts";
import { Replay } from "../../src/runtime/replay/replay.ts";
import type { Timeline } from "./timeline.ts";

/** What fired up to the timeline's end. */
export function onReplay({ start, end, automations, steps }: Timeline): readonly Firing[] {
  const firings: Firing[] = [];
  const replay = new Replay({
    onFired: ({ firing }) => firings.push(firing),
    comesBack: () => null,
  });
  replay.define(automations, start);
  for (const step of steps) {
    replay.advance(step.at);
    if (step.kind === "event") replay.take(step.event, step.at);
    if (step.kind === "redefine") replay.define(step.automations, step.at);
  }
  replay.advance(end);
  return firings;
}

/** One timeline on several numbers of partitions and processes, in ways that chance decides: the outcome is one. */
import type { Firing } from "../../../src/core/model/firing.ts";
import { canonicalJson } from "../../../src/core/model/json.ts";
import { onReplay } from "../on-replay.ts";
import { asText } from "../timeline.ts";
import { wireFor } from "./ground.ts";
import { calmTimeline, type Plan } from "./plan.ts";
import type { Verdict } from "./simulation.ts";
import { World } from "./world.ts";

/** Nothing goes wrong; only the order of things is chance. */
const CALM = { faults: 0, worst: 0, skewSeconds: 0, markerPace: 0.3, schedulers: 1, isCalm: true, astray: 0 };

export const SETTINGS = [1, 4, 12].flatMap((partitions) =>
  [1, 3].map((evaluators) => ({ partitions, evaluators })),
);

/** Byte by byte, revisions included, among each other; and but for these, a replay of the same timeline. */
export async function compare(
  seed: number,
  settings: readonly (typeof SETTINGS)[number][],
): Promise<Verdict> {
  const timeline = calmTimeline(seed);
  const replayed = asText(onReplay(timeline)).join("\n");
  const faults: string[] = [];
  const outcomes = new Set<string>();
  let turns = 0;
  for (const setting of settings) {
    const run = await runOf({ seed, timeline, ...setting, ...CALM });
    turns += run.turns;
    outcomes.add(bytesOf(run.firings));
    if (asText(run.firings).join("\n") === replayed) continue;
    faults.push(`${setting.partitions} partitions, ${setting.evaluators} evaluators: other than the replay`);
  }
  if (outcomes.size !== 1) faults.push(`${outcomes.size} different outcomes`);
  return { seed, faults, turns };
}

const bytesOf = (firings: readonly Firing[]): string =>
  firings
    .map((firing) => canonicalJson(JSON.parse(JSON.stringify(firing))))
    .toSorted()
    .join("\n");

async function runOf(plan: Plan): Promise<{ readonly firings: readonly Firing[]; readonly turns: number }> {
  const wire = wireFor(plan.partitions);
  const { broker, turns } = await new World(plan, { isDone: () => true }).run();
  const firings = broker
    .committed(wire.nameOf("firings"))
    .map((record) => wire.decode<Firing>("firings", record))
    .filter(({ triggered }) => triggered <= plan.timeline.end);
  return { firings, turns };
}

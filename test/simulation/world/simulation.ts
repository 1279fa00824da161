/** One seed: a plan, a world, a verdict. */
import { planOf } from "./plan.ts";
import { expectedOf, Findings } from "./verdict.ts";
import { World } from "./world.ts";

export interface Verdict {
  readonly seed: number;
  /** In words; none where all is as it must be. */
  readonly faults: readonly string[];
  readonly turns: number;
}

export async function simulate(seed: number, trace?: (line: string) => void): Promise<Verdict> {
  const plan = planOf(seed);
  const expected = expectedOf(plan);
  const world = new World(plan, {
    isDone: (broker, uncertain) => new Findings(plan, broker).isComplete(expected, uncertain),
    ...(trace !== undefined && { trace }),
  });
  try {
    const watched = await world.run();
    const faults = new Findings(plan, watched.broker).faults(expected, watched);
    return { seed, faults, turns: watched.turns };
  } catch (error) {
    return {
      seed,
      faults: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
      turns: 0,
    };
  }
}

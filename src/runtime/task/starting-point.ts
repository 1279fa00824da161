/** Where a task goes on reading its inputs. */
import type { Log, Position } from "../ports.ts";
import type { Wire } from "../wire.ts";

interface Starting {
  readonly log: Log;
  readonly wire: Wire;
  readonly partition: number;
  readonly report: (problem: string) => void;
}

/** Where the last commit stood; where records were deleted meanwhile, the first that is left, and that is told. */
export async function startingPoint(
  { log, wire, partition, report }: Starting,
  name: string,
  position: number | null,
): Promise<Position> {
  const topic = wire.nameOf(name);
  const start = await log.start(topic, partition);
  if (position === null || position >= start) return { topic, partition, offset: position ?? start };
  report(
    `${topic}, partition ${partition}: offsets ${position} to ${start - 1} were deleted before they were read; ` +
      "keep this topic longer than its evaluators may be away",
  );
  return { topic, partition, offset: start };
}

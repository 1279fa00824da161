/** What was expected against what there is: each difference, told so that it can be looked for in the log. */
import { isDeepStrictEqual } from "node:util";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { Rejection } from "../../../src/core/model/rejection.ts";
import type { DueRun, RunEvent } from "../../../src/core/model/run-command.ts";
import { formatInstant, type Instant } from "../../../src/core/model/time.ts";
import type { Expected } from "./expected.ts";

/** What stands in the log. */
export interface Found {
  /** Where records stand in `events`: `<partition>/<offset>`; and where the broker had told the sender that they do. */
  readonly events: ReadonlySet<string>;
  readonly acknowledged: ReadonlySet<string>;
  readonly firings: readonly { readonly firing: Firing; readonly text: string }[];
  readonly dueRuns: readonly { readonly run: DueRun; readonly written: Instant }[];
  readonly runEvents: readonly RunEvent[];
  /** Ids of the events that tell of firings, once for each record. */
  readonly told: readonly string[];
  readonly rejected: readonly Rejection[];
  /** Runs that are still to be handed on. */
  readonly pending: readonly string[];
}

/** What is left out of the comparison, because it belongs to a firing after the end. */
export interface Bounds {
  readonly until: Instant;
  /** How an automation is called in what is told. */
  readonly nameOf: (automationId: string) => string;
}

export interface Verdict {
  readonly differences: readonly string[];
  readonly counts: Readonly<Record<string, { readonly expected: number; readonly found: number }>>;
  /** How many firings were expected of each automation: what of all this was put to the test. */
  readonly firingsOf: Readonly<Record<string, number>>;
}

export function verdictOf(expected: Expected, found: Found, bounds: Bounds): Verdict {
  const isIn = ({ triggered }: { readonly triggered: Instant }): boolean => triggered <= bounds.until;
  const firings = found.firings.filter(({ firing }) => isIn(firing));
  const dueRuns = found.dueRuns.filter(({ run }) => isIn(run));
  const lives = new Set(expected.commands.keys());
  const stations = found.runEvents.filter(({ runId }) => lives.has(runId));
  const told = found.told.filter((id) => expected.told.has(id));
  const rejected = found.rejected.map(({ partition, offset }) => `${partition}/${offset}`);
  const unread = [...found.acknowledged].filter((place) => !found.events.has(place));
  const differences = [
    ...unread.map((place) => `lost: acknowledged record ${place}`),
    ...differing(
      "firing",
      expected.firings.keys(),
      firings.map(({ firing }) => firing.id),
    ),
    ...differing(
      "run",
      lives,
      dueRuns.map(({ run }) => run.runId),
    ),
    ...differing("told firing", expected.told, told),
    ...differing("rejected record", expected.rejected, rejected),
    ...["scheduled", "due"].flatMap((kind) => {
      const ids = stations.filter((one) => one.kind === kind).map(({ runId }) => runId);
      return differing(`run event '${kind}' of`, lives, ids);
    }),
    ...found.pending.filter((id) => lives.has(id)).map((id) => `run ${id} is still pending`),
    ...otherwise(expected, firings, dueRuns),
  ];
  const firingsOf: Record<string, number> = {};
  for (const { firing } of expected.firings.values()) {
    const name = bounds.nameOf(firing.automationId);
    firingsOf[name] = (firingsOf[name] ?? 0) + 1;
  }
  const explained = differences.map((one) => explain(one, expected, found, bounds));
  return {
    differences: explained,
    firingsOf,
    counts: {
      firings: { expected: expected.firings.size, found: firings.length },
      runs: { expected: lives.size, found: dueRuns.length },
      "told firings": { expected: expected.told.size, found: told.length },
      rejected: { expected: expected.rejected.size, found: rejected.length },
    },
  };
}

/** Each expected one once, and nothing else. */
function differing(what: string, expected: Iterable<string>, found: readonly string[]): readonly string[] {
  const times = new Map<string, number>();
  for (const id of found) times.set(id, (times.get(id) ?? 0) + 1);
  const differences: string[] = [];
  for (const id of expected) {
    const count = times.get(id) ?? 0;
    times.delete(id);
    if (count === 0) differences.push(`lost: ${what} ${id}`);
    if (count > 1) differences.push(`doubled, ${count} times: ${what} ${id}`);
  }
  for (const [id, count] of times) differences.push(`not expected, ${count} times: ${what} ${id}`);
  return differences;
}

/** What is there, but says something else, or came too early. */
function otherwise(
  expected: Expected,
  firings: Found["firings"],
  dueRuns: Found["dueRuns"],
): readonly string[] {
  const differences: string[] = [];
  for (const { firing, text } of firings) {
    const other = expected.firings.get(firing.id);
    if (other !== undefined && other.text !== text) {
      differences.push(`not the same: firing ${firing.id}\n  expected ${other.text}\n  found    ${text}`);
    }
  }
  for (const { run, written } of dueRuns) {
    const { due, ...command } = run;
    const other = expected.commands.get(run.runId);
    if (other !== undefined && !isDeepStrictEqual(command, other)) {
      differences.push(`not the same: run ${run.runId}`);
    }
    if (written < due) {
      differences.push(
        `too early: run ${run.runId}, due ${formatInstant(due)}, at ${formatInstant(written)}`,
      );
    }
  }
  return differences;
}

/** Adds of what automation it is, by which key, and when. */
function explain(difference: string, expected: Expected, found: Found, { nameOf }: Bounds): string {
  const id = /firing ([0-9a-f-]{36})/.exec(difference)?.[1] ?? "";
  const firing =
    expected.firings.get(id)?.firing ?? found.firings.find((one) => one.firing.id === id)?.firing;
  if (firing === undefined) return difference;
  const key = firing.key.length === 0 ? "" : ` of ${firing.key.join(", ")}`;
  const when = `at ${formatInstant(firing.at)}, triggered ${formatInstant(firing.triggered)}`;
  return `${difference}: '${nameOf(firing.automationId)}'${key} ${when}`;
}

/** What can be chosen: how much a round holds, how many rounds there are, and what is left out. */
import { parseArgs } from "node:util";

export interface Settings {
  /** Events a round. */
  readonly events: number;
  readonly rounds: number;
  /** Rounds that do not count. */
  readonly warmUp: number;
  readonly partitions: number;
  /** How many resources the events are about. */
  readonly resources: number;
  /** For the part on latency: events a second, and for how long. */
  readonly rate: number;
  readonly seconds: number;
  /** Only parts in whose name this stands. */
  readonly only: string;
  readonly streams: boolean;
  /** The folder for CPU profiles of the evaluators; null for none. */
  readonly profile: string | null;
}

export function readSettings(argv: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      events: { type: "string", default: "200000" },
      rounds: { type: "string", default: "3" },
      "warm-up": { type: "string", default: "2" },
      partitions: { type: "string", default: "12" },
      resources: { type: "string", default: "10000" },
      rate: { type: "string", default: "2000" },
      seconds: { type: "string", default: "10" },
      only: { type: "string", default: "" },
      streams: { type: "boolean", default: true },
      profile: { type: "string" },
    },
  });
  return {
    events: Number(values.events),
    rounds: Number(values.rounds),
    warmUp: Number(values["warm-up"]),
    partitions: Number(values.partitions),
    resources: Number(values.resources),
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    only: values.only,
    streams: values.streams,
    profile: values.profile ?? null,
  };
}

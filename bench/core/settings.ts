/** What can be chosen: how many events a round has, how many rounds there are, and what is left out. */
import { parseArgs } from "node:util";

export interface Settings {
  readonly events: number;
  readonly rounds: number;
  /** Rounds that do not count. */
  readonly warmUp: number;
  /** How many keys the measurement of memory opens. */
  readonly keys: number;
  /** Only workloads in whose name this stands. */
  readonly only: string;
  readonly esper: boolean;
}

export function readSettings(argv: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      events: { type: "string", default: "200000" },
      rounds: { type: "string", default: "5" },
      "warm-up": { type: "string", default: "1" },
      keys: { type: "string", default: "1000000" },
      only: { type: "string", default: "" },
      esper: { type: "boolean", default: true },
    },
  });
  return {
    events: Number(values.events),
    rounds: Number(values.rounds),
    warmUp: Number(values["warm-up"]),
    keys: Number(values.keys),
    only: values.only,
    esper: values.esper,
  };
}

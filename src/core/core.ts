/** The roof of the core: the processors a topology may name, what each reads and sends, and what the runtime calls. */
import { act } from "./act/act.ts";
import { compose } from "./compose/compose.ts";
import { evaluate } from "./evaluate/evaluate.ts";
import { match } from "./match/match.ts";
import { measure } from "./measure/measure.ts";
import { order } from "./order/order.ts";
import type { Stage } from "./processor.ts";
import { schedule } from "./schedule/schedule.ts";

/** The stages by the names that steps have. */
export const stages: Readonly<Record<string, Stage<unknown, unknown>>> = {
  order,
  match,
  evaluate,
  measure,
  compose,
  act,
  schedule,
};

/** What a topology must fit: the kinds of record each processor reads and sends, by schema. `record` is done, not decided. */
export const knownProcessors = {
  order: { reads: ["event"], sends: ["taken"], keepsState: true },
  match: { reads: ["taken"], sends: ["match"], keepsState: false },
  evaluate: { reads: ["match"], sends: ["firing"], keepsState: true },
  measure: { reads: ["match"], sends: ["firing"], keepsState: true },
  compose: { reads: ["firing"], sends: ["firing"], keepsState: true },
  act: { reads: ["firing"], sends: ["firing", "run-command", "run-event", "event"], keepsState: false },
  schedule: { reads: ["run-command"], sends: ["due-run", "run-event"], keepsState: true },
  record: {
    reads: ["event", "firing", "run-command", "run-event", "rejection"],
    sends: [],
    keepsState: false,
  },
} as const;

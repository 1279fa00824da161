/** Schedule: keeps each run command until it is due (design.md, section 5). */
import { deriveId } from "../model/id.ts";
import { type DueRun, dueAt, type RunCommand, type RunEvent } from "../model/run-command.ts";
import type { Instant } from "../model/time.ts";
import { type Outcome, type Stage, unchanged } from "../processor.ts";

/** A command that is not due yet. */
export interface Pending {
  readonly command: RunCommand;
  readonly due: Instant;
}

export interface ScheduleInput {
  readonly kind: "command";
  readonly command: RunCommand;
  /** The broker's timestamp of the command: its delay counts from here. */
  readonly written: Instant;
}

export const schedule: Stage<Pending, ScheduleInput> = {
  process({ state, input }) {
    switch (input.kind) {
      case "command": {
        // A command written anew under the same run takes the place of the one before.
        const due = dueAt(input.command, input.written);
        return { state: { command: input.command, due }, emit: [], wakeAt: due };
      }
      case "wake":
        if (state !== null && state.due > input.at) return unchanged<Pending>(state, state.due);
        return state === null ? { state, emit: [], wakeAt: null } : send(state);
    }
  },
};

function send({ command, due }: Pending): Outcome<Pending> {
  const { runId, automationId, deploymentId, firingId } = command;
  const run: DueRun = { ...command, due };
  const told: RunEvent = {
    id: deriveId("run-event", runId, "due"),
    runId,
    kind: "due",
    occurred: due,
    automationId,
    deploymentId,
    firingId,
    due,
    command: null,
    detail: null,
  };
  return {
    state: null,
    emit: [
      { to: "due-runs", key: deploymentId, home: null, value: run },
      { to: "run-events", key: runId, home: null, value: told },
    ],
    wakeAt: null,
  };
}

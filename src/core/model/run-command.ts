/** Run commands, due runs and run events: the life of a run, from its firing on. */
import type { Json, JsonObject } from "./json.ts";
import { type Duration, type Instant, plus } from "./time.ts";

/** Run this deployment, with these parameters, not before it is due (design.md, section 5). */
export interface RunCommand {
  readonly kind: "schedule";
  /** UUIDv5(firing, action index). */
  readonly runId: string;
  readonly automationId: string;
  readonly automationName: string;
  readonly triggerId: string;
  readonly firingId: string;
  readonly actionIndex: number;
  readonly deploymentId: string;
  readonly deploymentName: string | null;
  readonly parameters: JsonObject;
  readonly jobVariables: JsonObject | null;
  readonly triggered: Instant;
  readonly scheduleAfter: Duration;
  /** Who is to run it: `topic` hands it on to whoever reads `due-runs` (design.md, section 6). */
  readonly target: "topic" | "prefect" | "webhook";
  /** The paying event, in short, for whoever reviews the pending run. */
  readonly eventId: string | null;
  readonly eventName: string | null;
  readonly resourceId: string | null;
  readonly causes: readonly string[];
}

/** A run command whose time has come. */
export interface DueRun extends RunCommand {
  readonly due: Instant;
}

export interface RunEvent {
  /** UUIDv5(run, kind). */
  readonly id: string;
  readonly runId: string;
  readonly kind: "scheduled" | "due" | "cancelled" | "dispatched" | "refused" | "started" | "finished";
  readonly occurred: Instant;
  readonly automationId: string;
  readonly deploymentId: string;
  readonly firingId: string;
  /** When the run is due, as far as known. */
  readonly due: Instant | null;
  /** What was scheduled, with `scheduled` alone: the scheduling topic is compacted and forgets it once it has run. */
  readonly command: RunCommand | null;
  readonly detail: Json;
}

/** When a command is due: its delay counts from the broker's timestamp (design.md, section 5). */
export const dueAt = (command: RunCommand, written: Instant): Instant => plus(written, command.scheduleAfter);

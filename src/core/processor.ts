/** The one contract: a processor decides, for the state of one key and one input, what is to be done; the runtime does it. */
import type { AutomationTable } from "./model/automation-table.ts";
import type { Deployment } from "./model/deployment.ts";
import type { Json } from "./model/json.ts";
import type { Instant } from "./model/time.ts";

/** The runtime calling a key because its time has come. */
export interface Wake {
  readonly kind: "wake";
  /** The time the key asked for, however late it is run. */
  readonly at: Instant;
}

/** A record to send on, to a step of the same role or to a topic. */
export interface Emission {
  /** The name of a step or of a topic; the topology says which it may be. */
  readonly to: string;
  /** For a step, the key of its state; for a topic, what the record is partitioned by. */
  readonly key: string;
  /** Where the key lives; null: in this task, to be taken at once. Topics have none. */
  readonly home: Home | null;
  readonly value: unknown;
}

/** The home of a key: one task, the same whichever task an input comes from (design.md, section 1). */
export interface Home {
  /** Its hash names the task, by Kafka's standard partitioner. */
  readonly of: string;
  /**
   * Whether inputs gather there until the watermark reaches them and are then taken in the order of their places,
   * so that the outcome does not depend on the ways they took; otherwise each is taken as it comes.
   */
  readonly gathers: boolean;
}

/** What a processor wants done. The runtime does all of it, or none of it. */
export interface Outcome<State> {
  /** This key's state from now on; `null` forgets the key. */
  readonly state: State | null;
  /** Records to send on, in this order. */
  readonly emit: readonly Emission[];
  /** When to be called again if nothing else comes; `null` for never. */
  readonly wakeAt: Instant | null;
}

/** What a processor may look at besides its own key. The same on every replay. */
export interface World {
  /** W: the time up to which everything has been seen, as of this call. */
  readonly at: Instant;
  readonly automations: AutomationTable;
  readonly deployments: ReadonlyMap<string, Deployment>;
  /** Workspace variables, by name. */
  readonly variables: Readonly<Record<string, Json>>;
  readonly seen: SeenIds;
}

/** The bounded memory of the ids of events this task has taken (semantics.md, section 2). */
export interface SeenIds {
  /** Whether the id was taken less than 30 minutes of W ago and is still remembered. */
  has(id: string, at: Instant): boolean;
  /** The earliest W whose ids are all still remembered; nothing was forgotten before its time after it. */
  readonly reachesBackTo: Instant;
}

/** A key, its state, and one input or wake-up for it. */
export interface Call<State, In> {
  readonly key: string;
  readonly state: State | null;
  readonly input: In | Wake;
}

/** Where an input stands among others: by `at`, then by `rank` as text; those of one `moment` are taken together. */
export interface Place {
  readonly at: Instant;
  readonly rank: string;
  readonly moment: string;
}

/**
 * A stage as its door exports it: the processor, and what the runtime must know to call it rightly.
 * (Methods, not function-typed fields, so that the runtime can hold stages whose states and inputs it does not know.)
 */
export interface Stage<State, In> {
  /** Decides. Pure: no I/O, no clock, no chance. */
  process(call: Call<State, In>, world: World): Outcome<State>;
  /** For stages that inputs travel to: the place of an input in the order of taking. */
  placeOf?(input: In): Place;
  /** For stages that take a whole moment at once: joins its inputs (of one key, in order) to one. */
  join?(inputs: readonly In[]): In;
  /** For stages whose state belongs to a trigger. */
  readonly owner?: Owner;
  /** Work that is better done when automations change than when the next event comes. */
  prepare?(automations: AutomationTable): void;
  /** What to send when a trigger is loaded anew, at W. */
  loaded?(triggerId: string, world: World): readonly Emission[];
}

/** Whose the state of a key is: it goes when its trigger goes. Wake-ups of one instant run by the trigger's position. */
export interface Owner {
  /** The trigger a key belongs to. */
  of(key: string): string;
  /** `meaning`: goes too when the trigger changes its meaning; `id` leaves that to the processor. */
  readonly keptWhile: "meaning" | "id";
}

/** The outcome that changes nothing. */
export const unchanged = <State>(state: State | null, wakeAt: Instant | null = null): Outcome<State> => ({
  state,
  emit: [],
  wakeAt,
});

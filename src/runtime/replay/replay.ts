/**
 * Replay: runs automations over a timeline on one chain that is the home of every key. Time is that of the timeline:
 * there is no log and no clock, so that the same timeline always has the same outcome (semantics.md, section 1).
 */
import { stages } from "../../core/core.ts";
import type { Automation } from "../../core/model/automation.ts";
import { tableOf } from "../../core/model/automation-table.ts";
import type { Deployment } from "../../core/model/deployment.ts";
import type { Event } from "../../core/model/event.ts";
import type { Firing } from "../../core/model/firing.ts";
import type { Json } from "../../core/model/json.ts";
import type { Instant } from "../../core/model/time.ts";
import { Chain, type ChainStep, type Observed, type Tables } from "../chain/chain.ts";

export { actionsJson, firingJson } from "./answer.ts";
export { type Explained, explain } from "./explain.ts";

/** The steps of the evaluator, as the topology joins them (a test holds the two together). */
export const REPLAYED = [
  { name: "order", store: "waiting", via: null },
  { name: "match", store: null, via: null },
  { name: "evaluate", store: "buckets", via: "matches" },
  { name: "measure", store: "gauges", via: "matches" },
  { name: "compose", store: "slots", via: "child-firings" },
  { name: "act", store: null, via: null },
] as const;

/** A firing of a root trigger, and what was known when it was made. */
export interface Fired {
  readonly firing: Firing;
  readonly automation: Automation;
  /** The event that says so. */
  readonly change: Event;
}

export interface ReplayOptions {
  readonly deployments?: ReadonlyMap<string, Deployment>;
  /** Workspace variables, by name. */
  readonly variables?: Readonly<Record<string, Json>>;
  /** Told every firing, in the order in which they were made. */
  readonly onFired: (fired: Fired) => void;
  /** As what an event that a firing led to comes back; null where it does not. */
  readonly comesBack: (event: Event) => Event | null;
  /** Shown every call of a stage. */
  readonly observe?: (seen: Observed) => void;
}

/** What is still under way when a timeline ends. */
export interface Open {
  /** Windows that have neither fired nor been forgotten. */
  readonly windows: number;
  /** Trees of composites that hold firings of some of their children. */
  readonly composites: number;
  /** Whether events still wait for those they follow. */
  readonly isHolding: boolean;
}

export class Replay {
  readonly #options: ReplayOptions;
  readonly #chain: Chain;
  readonly #automations = new Map<string, Automation>();
  #tables: Tables;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#tables = this.#newTables();
    const { observe } = options;
    this.#chain = new Chain({
      partition: 0,
      partitions: 1,
      steps: REPLAYED.map(chainStep),
      tables: this.#tables,
      ...(observe !== undefined && { observe }),
    });
  }

  /** What the actions of a firing look at. */
  get tables(): Tables {
    return this.#tables;
  }

  automation(id: string): Automation | null {
    return this.#automations.get(id) ?? null;
  }

  /** Adds automations, or puts them in the place of those with their ids; at W. */
  define(automations: readonly Automation[], at: Instant): void {
    for (const automation of automations) this.#automations.set(automation.id, automation);
    this.#reload(at);
  }

  delete(id: string, at: Instant): void {
    this.#automations.delete(id);
    this.#reload(at);
  }

  /** W comes to this time: timers due by then run, each at its own. */
  advance(to: Instant): void {
    this.#chain.advanceAll(to, (settled) => {
      this.#collect(settled);
    });
    this.#collect(to);
  }

  /**
   * Takes an event at W, with everything that follows from it. A timer that it makes due waits for the next step, so
   * that only what was fired is taken on.
   */
  take(event: Event, at: Instant): void {
    this.#chain.arrive("order", event.id, { kind: "event", event }, { gathers: false, at });
    this.#chain.takeGathered(at);
    this.#collect(at);
  }

  get open(): Open {
    return {
      windows: this.#chain.sizeOf("evaluate"),
      composites: this.#chain.sizeOf("compose"),
      isHolding: this.#chain.sizeOf("order") > 0,
    };
  }

  #reload(at: Instant): void {
    this.#tables = this.#newTables();
    this.#chain.reload(this.#tables, at);
  }

  #newTables(): Tables {
    const entries = Array.from(this.#automations.values(), (automation) => ({ automation, revision: 0 }));
    const { deployments = new Map(), variables = {} } = this.#options;
    return { automations: tableOf(entries), deployments, variables };
  }

  /** Tells what has fired, then takes what comes back of it, one after the other. */
  #collect(at: Instant): void {
    const { outputs } = this.#chain.take();
    const events: Event[] = [];
    outputs.forEach(({ topic, value }, i) => {
      if (topic === "events" && isEvent(value)) events.push(value);
      // The event that tells of a firing comes directly after it.
      const change = outputs[i + 1]?.value;
      if (isFiring(value) && isEvent(change)) this.#tell(value, change);
    });
    for (const event of events) {
      const back = this.#options.comesBack(event);
      if (back !== null) this.take(back, at);
    }
  }

  #tell(firing: Firing, change: Event): void {
    const automation = this.#automations.get(firing.automationId);
    if (automation !== undefined) this.#options.onFired({ firing, automation, change });
  }
}

function chainStep(step: (typeof REPLAYED)[number]): ChainStep {
  const stage = stages[step.name];
  if (stage === undefined) throw new Error(`there is no processor '${step.name}'`);
  return { ...step, stage };
}

const isFiring = (value: unknown): value is Firing =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "firing";

const isEvent = (value: unknown): value is Event =>
  typeof value === "object" && value !== null && "event" in value && "occurred" in value;

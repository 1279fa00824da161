/** Which meaning of each trigger the state belongs to; kept like state, so that a restart compares and not guesses. */
import type { Placed } from "../../core/model/automation-table.ts";
import { Store } from "./store.ts";

interface Rule {
  readonly meaning: string;
  /** The revision with which it came to mean that. */
  readonly since: number;
}

/** What travels says which revision of its trigger it was decided by. */
interface Decided {
  readonly triggerId: string;
  readonly revision: number;
}

type Triggers = ReadonlyMap<string, Placed>;

export class Rules {
  readonly store = new Store("rules");

  /** Whether an input was decided by a revision from before its trigger came to mean what it means now. */
  isOutdated(input: unknown): boolean {
    if (!isDecided(input)) return false;
    const rule = this.#of(input.triggerId);
    return rule !== null && input.revision < rule.since;
  }

  /** The triggers whose state belongs to another meaning than they have now, or to none. */
  changedBy(triggers: Triggers): ReadonlySet<string> {
    const isKept = (id: string): boolean => this.#of(id)?.meaning === triggers.get(id)?.meaning;
    return new Set([...this.store.keys()].filter((id) => !isKept(id)));
  }

  /** From now on state belongs to what these triggers mean; returns those that are new or mean something new. */
  follow(triggers: Triggers): readonly Placed[] {
    for (const id of this.store.keys()) if (!triggers.has(id)) this.store.set(id, null);
    const anew = [...triggers.values()].filter(
      ({ trigger, meaning }) => this.#of(trigger.id)?.meaning !== meaning,
    );
    for (const { trigger, meaning, revision } of anew) {
      const state: Rule = { meaning, since: revision };
      this.store.set(trigger.id, { state, wakeAt: null, gathers: false });
    }
    return anew;
  }

  #of(triggerId: string): Rule | null {
    const rule = this.store.get(triggerId)?.state;
    return isRule(rule) ? rule : null;
  }
}

const isRule = (state: unknown): state is Rule =>
  typeof state === "object" && state !== null && "meaning" in state;

const isDecided = (input: unknown): input is Decided =>
  typeof input === "object" && input !== null && "triggerId" in input && "revision" in input;

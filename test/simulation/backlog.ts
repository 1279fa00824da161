/**
 * A backlog: everything has been written before an evaluator starts, with the times at which it came in, so that one
 * timeline can be put before any log, real ones included, and every run of it sees the same times.
 */
import fc from "fast-check";
import { type Event, resourceId } from "../../src/core/model/event.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import { deriveId } from "../../src/core/model/id.ts";
import { type Instant, instant, millis, minutes, seconds } from "../../src/core/model/time.ts";
import type { Trigger } from "../../src/core/model/trigger.ts";
import { storeAutomation } from "../../src/define/define.ts";
import type { Log, NewRecord, Reader } from "../../src/runtime/ports.ts";
import type { Wire } from "../../src/runtime/runtime.ts";
import { anyTrigger, automationOf, KEYS } from "./arbitraries.ts";
import type { Timeline } from "./timeline.ts";
import { Chance } from "./world/chance.ts";
import { asStored, bodyOf } from "./world/plan.ts";

interface Size {
  readonly events: number;
  readonly automations: number;
  readonly resources: number;
}

/** Between two events, on average; each comes in at a millisecond of its own. */
const PAUSE_MS = 2_500;
const TEAMS = ["red", "blue", "green"];
const STATES = { a: "PENDING", b: "RUNNING", c: "FAILED" } as const;

/** All kinds of triggers, and events that are late, said again, and follow each other. */
export function backlog(seed: number, start: Instant, size: Size): Timeline {
  const chance = new Chance(seed);
  const triggers = fc.sample(anyTrigger, { seed, numRuns: 40 });
  const kinds = Object.values(Object.groupBy(triggers, kindOf));
  const chosen = Array.from({ length: size.automations }, (_, i) => kinds[i % kinds.length]?.shift());
  const automations = chosen
    .filter((trigger) => trigger !== undefined)
    .map((trigger, i) =>
      asStored({ ...automationOf(trigger, i), created: instant(start + i), updated: start }, seconds(0)),
    );
  const told: Event[] = [];
  let at = start;
  for (let i = 0; i < size.events; i++) {
    at = instant(at + millis(1 + chance.below(2 * PAUSE_MS)));
    told.push(nextEvent(told, { chance, at, resources: size.resources }));
  }
  return {
    start,
    end: instant(at + minutes(3)),
    automations,
    steps: told.map((event) => ({ kind: "event", at: event.received, event })),
  };
}

/** So that what looks back, gathers, waits or adds up is all there, however the dice fall. */
function kindOf(trigger: Trigger): string {
  if (trigger.kind !== "event") return trigger.kind;
  return `${trigger.posture} ${trigger.forEach.join()}`;
}

interface Setting {
  readonly chance: Chance;
  readonly at: Instant;
  readonly resources: number;
}

function nextEvent(told: readonly Event[], { chance, at, resources }: Setting): Event {
  const before = told.at(-1 - chance.below(20));
  const isRecent = before !== undefined && at - before.received < minutes(20);
  if (isRecent && chance.isTrue(0.05)) return { ...before, received: at };
  const name = chance.of(["a", "b", "c"] as const);
  const isFollower = isRecent && before.follows === null && chance.isTrue(0.1);
  const number = chance.below(resources);
  const resource = isFollower ? before.resource : labelsOf(number, STATES[name]);
  return {
    id: deriveId("backlog", told.length),
    event: name,
    occurred: instant(at - seconds(chance.isTrue(0.2) ? chance.below(90) - 20 : 0)),
    received: at,
    resource: { ...resource, "prefect.state-type": STATES[name] },
    related: [{ [KEYS.resource]: `owner.${number % 5}`, "prefect.resource.role": "owner" }],
    payload: {},
    follows: isFollower ? before.id : null,
    causes: [],
  };
}

const labelsOf = (number: number, state: string): Event["resource"] => ({
  [KEYS.resource]: `r.${number + 1}`,
  "prefect.state-type": state,
  ...(number % 4 > 0 && { team: TEAMS[number % 3] ?? "" }),
});

/** The records that stand before an evaluator: automations, and each event in the partition of its resource. */
export const definitionsOf = ({ automations }: Timeline, wire: Wire): readonly NewRecord[] =>
  automations.map((one) =>
    wire.encode({
      topic: "automations",
      partition: 0,
      key: one.id,
      value: storeAutomation(one),
      gathers: false,
    }),
  );

export const eventRecord = (event: Event, wire: Wire): NewRecord => ({
  topic: wire.nameOf("events"),
  partition: null,
  key: resourceId(event),
  value: new TextEncoder().encode(bodyOf(event)),
  headers: {},
});

/** Reads the firings up to the timeline's end as they come. */
export class FiringReader {
  readonly firings: Firing[] = [];
  readonly #wire: Wire;
  readonly #end: Instant;
  readonly #reader: Reader;

  private constructor(reader: Reader, wire: Wire, end: Instant) {
    this.#reader = reader;
    this.#wire = wire;
    this.#end = end;
  }

  static async open(log: Log, wire: Wire, { end }: Timeline): Promise<FiringReader> {
    const topic = wire.nameOf("firings");
    const numbers = Array.from({ length: await log.partitions(topic) }, (_, partition) => partition);
    const from = numbers.map((partition) => ({ topic, partition, offset: 0 }));
    return new FiringReader(await log.openReader(from), wire, end);
  }

  /** Whether there was any more. */
  async read(): Promise<boolean> {
    const batches = await this.#reader.poll(250);
    for (const record of batches.flatMap(({ records }) => records)) {
      const firing = this.#wire.decode<Firing>("firings", record);
      if (firing.triggered <= this.#end) this.firings.push(firing);
    }
    return batches.some(({ records, isAtEnd }) => records.length > 0 || !isAtEnd);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

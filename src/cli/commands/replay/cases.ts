/** Conformance cases: timelines with steps of every kind, each answered by one line (test/oracle/FORMAT.md). */
import type { Automation } from "../../../core/model/automation.ts";
import type { Event } from "../../../core/model/event.ts";
import { DEFAULT_LIMITS, readEvent } from "../../../core/model/event-reader.ts";
import { type Fault, formatFault } from "../../../core/model/fault.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../../core/model/json.ts";
import { formatInstant, type Instant, instant, parseInstant } from "../../../core/model/time.ts";
import { parseAutomation } from "../../../define/define.ts";
import { actionsJson, type Fired, firingJson, Replay } from "../../../runtime/replay/replay.ts";

export interface Answer {
  readonly firings: readonly JsonObject[];
  readonly rejected: readonly string[];
}

/** What is wrong with a case, with its place. */
export class CaseError extends Error {
  override readonly name = "CaseError";
}

/** Runs the `given` of a case from nothing; throws CaseError where it is not one. */
export function answerCase(given: Json | undefined): Answer {
  const run = new Run(objectAt(given, "given"));
  run.load();
  run.play();
  return { firings: run.firings, rejected: run.rejected };
}

class Run {
  readonly firings: JsonObject[] = [];
  readonly rejected: string[] = [];
  readonly #given: JsonObject;
  readonly #options: JsonObject;
  readonly #replay: Replay;
  /** In the order in which they were first defined. */
  readonly #created = new Map<string, Instant>();
  /** What the answer calls each state-change event, by its id. */
  readonly #names = new Map<string, string>();
  /** How many state-change events each automation has had. */
  readonly #told = new Map<string, number>();
  #step = 0;

  constructor(given: JsonObject) {
    this.#given = given;
    this.#options = objectAt(given["options"] ?? {}, "options");
    const returns = this.#options["feedback"] === true;
    this.#replay = new Replay({
      variables: objectAt(given["variables"] ?? {}, "variables"),
      onFired: (fired) => {
        this.#note(fired);
      },
      comesBack: (event) => (returns ? this.#renamed(event) : null),
    });
  }

  load(): void {
    const at = timeAt(this.#given["start"], "start");
    const bodies = listAt(this.#given["automations"], "automations");
    const read = bodies.map((body, i) => this.#read(objectAt(body, `automations[${i}]`), at));
    this.#replay.define(
      read.filter((automation) => automation !== null),
      at,
    );
  }

  play(): void {
    listAt(this.#given["script"], "script").forEach((step, i) => {
      this.#step = i;
      this.#take(objectAt(step, `script[${i}]`), `script[${i}]`);
    });
  }

  #take(step: JsonObject, place: string): void {
    const at = timeAt(step["at"], `${place}.at`);
    this.#replay.advance(at);
    const { event, upsert_automation: body, disable, enable, delete: deleted } = step;
    if (event !== undefined) {
      this.#replay.take(eventAt(objectAt(event, `${place}.event`), at, `${place}.event`), at);
    }
    if (body !== undefined) {
      const automation = this.#read(objectAt(body, `${place}.upsert_automation`), at);
      if (automation !== null) this.#replay.define([automation], at);
    }
    if (disable !== undefined) this.#switch(textAt(disable, `${place}.disable`), false, at);
    if (enable !== undefined) this.#switch(textAt(enable, `${place}.enable`), true, at);
    if (deleted !== undefined) {
      const id = textAt(deleted, `${place}.delete`);
      this.#created.delete(id);
      this.#replay.delete(id, at);
    }
  }

  #switch(id: string, enabled: boolean, at: Instant): void {
    const automation = this.#replay.automation(id);
    if (automation !== null) this.#replay.define([{ ...automation, enabled }], at);
  }

  /** The automation under its own id; null where it is refused. */
  #read(body: JsonObject, at: Instant): Automation | null {
    const id = textAt(body["id"], "the id of an automation");
    const created = this.#created.get(id) ?? instant(at + this.#created.size);
    const read = parseAutomation(body, { id, now: at, created, fixedIds: true });
    if (!read.ok) {
      this.rejected.push(id);
      return null;
    }
    this.#created.set(id, created);
    return read.value;
  }

  #note({ firing, automation, change }: Fired): void {
    const { automationId } = firing;
    const n = this.#told.get(automationId) ?? 0;
    this.#told.set(automationId, n + 1);
    const name = `@state:${automationId}#${n}`;
    this.#names.set(change.id, name);
    const text = JSON.stringify(actionsJson(firing, automation, this.#replay.tables));
    const actions: readonly JsonObject[] = JSON.parse(text.replaceAll(change.id, name));
    const listed = this.#options["record"];
    const isListed = Array.isArray(listed) && listed.includes("state_events");
    this.firings.push({
      step: this.#step,
      ...firingJson(firing),
      actions,
      ...(isListed && { state_events: [stateEventJson(change, { firing })] }),
    });
  }

  /** Only state changes come back, under the names that answers have for them. */
  #renamed(event: Event): Event | null {
    const id = this.#names.get(event.id);
    return id === undefined ? null : { ...event, id };
  }
}

const stateEventJson = (
  { event, occurred, resource, related }: Event,
  { firing }: Pick<Fired, "firing">,
): JsonObject => ({
  event,
  occurred: formatInstant(occurred),
  resource,
  related,
  payload: { triggering_labels: firing.labels, triggering_event_id: firing.event?.id ?? null },
});

/** The event as it came in at W, unless it says itself when it was received. */
function eventAt(body: JsonObject, at: Instant, place: string): Event {
  const received = body["received"] === undefined ? at : timeAt(body["received"], `${place}.received`);
  const read = readEvent(body, { received, id: () => missing(place), limits: DEFAULT_LIMITS });
  if (!read.ok) throw new CaseError(`${place}: ${faultsText(read.faults)}`);
  return read.value;
}

function missing(place: string): never {
  throw new CaseError(`${place}: an event of a case needs an id`);
}

const faultsText = (faults: readonly Fault[]): string => faults.map(formatFault).join("; ");

function timeAt(value: Json | undefined, place: string): Instant {
  const at = typeof value === "string" ? parseInstant(value) : null;
  if (at === null) throw new CaseError(`${place}: expected a time, found ${shown(value)}`);
  return at;
}

function objectAt(value: Json | undefined, place: string): JsonObject {
  if (!isJsonObject(value)) throw new CaseError(`${place}: expected an object, found ${shown(value)}`);
  return value;
}

function textAt(value: Json | undefined, place: string): string {
  if (typeof value !== "string") throw new CaseError(`${place}: expected a text, found ${shown(value)}`);
  return value;
}

function listAt(value: Json | undefined, place: string): readonly Json[] {
  if (!isJsonList(value)) throw new CaseError(`${place}: expected a list, found ${shown(value)}`);
  return value;
}

const shown = (value: Json | undefined): string =>
  value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);

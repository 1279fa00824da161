/** What must be found in the log at the end, whatever went wrong on the way; told in words where it is not. */
import type { Firing } from "../../../src/core/model/firing.ts";
import { deriveId } from "../../../src/core/model/id.ts";
import type { Rejection } from "../../../src/core/model/rejection.ts";
import { type DueRun, dueAt, type RunCommand, type RunEvent } from "../../../src/core/model/run-command.ts";
import { plus, seconds } from "../../../src/core/model/time.ts";
import type { LogRecord } from "../../../src/runtime/ports.ts";
import type { MemoryBroker } from "../../support/memory-log.ts";
import { onCore } from "../on-core.ts";
import { asText, asUnrankedText } from "../timeline.ts";
import { wireFor } from "./ground.ts";
import { type Plan, unchanged } from "./plan.ts";
import type { Watched } from "./world.ts";

/** What the core alone makes of the same timeline, of automations that mean the same all the time. */
export function expectedOf({ timeline, changed }: Plan): readonly string[] {
  const firings = onCore(unchanged(timeline)).filter(({ automationId }) => !changed.has(automationId));
  return textOf(changed)(firings.filter(({ triggered }) => triggered <= timeline.end));
}

const textOf = (changed: ReadonlySet<string>) => (changed.size > 0 ? asUnrankedText : asText);

/** Reads what came of a plan. */
export class Findings {
  readonly #plan: Plan;
  readonly #broker: MemoryBroker;

  constructor(plan: Plan, broker: MemoryBroker) {
    this.#plan = plan;
    this.#broker = broker;
  }

  /** Whether so many firings have come about, and what they led to as well. */
  isComplete(expected: number): boolean {
    if (this.#records("firings").length < expected) return false;
    return this.faults(null).length === 0 && this.#firings().length >= expected;
  }

  /** Everything that is not as it must be; firings are not looked at where nothing is expected of them. */
  faults(expected: readonly string[] | null, watched?: Watched): readonly string[] {
    const firings = this.#values<Firing>("firings");
    return [
      ...(expected === null ? [] : differences(expected, textOf(this.#plan.changed)(this.#firings()))),
      ...this.#led(firings),
      ...this.#ran(),
      ...(watched === undefined ? [] : this.#rejected(watched)),
      ...(watched?.failures ?? []).map((failure) => `a process gave up: ${failure}`),
    ];
  }

  /** Up to the end of the timeline; of the automations that mean the same all the time. */
  #firings(): readonly Firing[] {
    const { timeline, changed } = this.#plan;
    return this.#values<Firing>("firings").filter(
      ({ triggered, automationId }) => triggered <= timeline.end && !changed.has(automationId),
    );
  }

  /** A firing, the event that tells of it and its run are written together. */
  #led(firings: readonly Firing[]): readonly string[] {
    const told = this.#records("events").filter(isOurs).map(bodyOf);
    const scheduled = this.#runEvents("scheduled");
    return [
      ...twice(
        "firing",
        firings.map(({ id }) => id),
      ),
      ...twice("event", told),
      ...unpaired("events of ours", told.length, firings.length),
      ...differences(
        firings.map(({ id }) => deriveId("run", id, 0)),
        scheduled.map(({ runId }) => runId),
      ).map((difference) => `scheduled: ${difference}`),
    ];
  }

  /** Every command leaves once, when it is due, and is forgotten. */
  #ran(): readonly string[] {
    const wire = wireFor(this.#plan.partitions);
    const scheduled = this.#runEvents("scheduled").map(({ runId }) => runId);
    const runs = this.#records("due-runs");
    const left = runs.map((record) => wire.decode<DueRun>("due-runs", record).runId);
    const early = runs.filter((record) => record.timestamp < wire.decode<DueRun>("due-runs", record).due);
    const now = this.#broker.now() ?? 0;
    const pending = this.#pending().map((record) => ({
      runId: record.key ?? "",
      due: dueAt(wire.decode<RunCommand>("run-commands", record), record.timestamp),
    }));
    const overdue = pending.filter(({ due }) => plus(due, seconds(1)) < now);
    return [
      ...differences(scheduled, [...left, ...pending.map(({ runId }) => runId)]).map((one) => `run: ${one}`),
      ...differences(
        left,
        this.#runEvents("due").map(({ runId }) => runId),
      ).map((one) => `told as due: ${one}`),
      ...early.map(({ offset }) => `due-runs ${offset} left before it was due`),
      ...overdue.map(({ runId }) => `${runId} is overdue`),
    ];
  }

  #pending(): readonly LogRecord[] {
    const newest = new Map(this.#records("run-commands").map((record) => [record.key, record]));
    return [...newest.values()].filter(({ value }) => value !== null);
  }

  #rejected({ junk }: Watched): readonly string[] {
    const rejected = this.#values<Rejection>("rejected").map(
      ({ partition, offset }) => `${partition}:${offset}`,
    );
    return differences(junk, rejected).map((difference) => `rejected: ${difference}`);
  }

  #runEvents(kind: RunEvent["kind"]): readonly RunEvent[] {
    return this.#values<RunEvent>("run-events").filter((event) => event.kind === kind);
  }

  #values<T>(topic: string): T[] {
    const wire = wireFor(this.#plan.partitions);
    return this.#records(topic).map((record) => wire.decode<T>(topic, record));
  }

  #records(topic: string): readonly LogRecord[] {
    return this.#broker.committed(wireFor(this.#plan.partitions).nameOf(topic));
  }
}

const isOurs = ({ key }: LogRecord): boolean => key?.startsWith("prefect.automation.") === true;

const bodyOf = ({ value }: LogRecord): string => new TextDecoder().decode(value ?? undefined);

const twice = (what: string, ids: readonly string[]): readonly string[] =>
  ids.filter((id, i) => ids.indexOf(id) < i).map((id) => `${what} ${id} twice`);

const unpaired = (what: string, found: number, wanted: number): readonly string[] =>
  found === wanted ? [] : [`${found} ${what} for ${wanted} firings`];

/** What is missing and what is too many, each as often as it is. */
function differences(expected: readonly string[], found: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const one of expected) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) - 1);
  return [...counts].flatMap(([one, count]) => {
    if (count === 0) return [];
    return [count > 0 ? `missing: ${one}` : `too many: ${one}`];
  });
}

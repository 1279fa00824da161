/** From records of the log to rows of history: what each topic's records say, as the columns of its table. */
import { type Event, resourceId } from "../../core/model/event.ts";
import type { Firing } from "../../core/model/firing.ts";
import { isJsonObject } from "../../core/model/json.ts";
import type { Rejection } from "../../core/model/rejection.ts";
import { dueAt, type RunCommand, type RunEvent } from "../../core/model/run-command.ts";
import { formatInstant, type Instant, instant, parseInstant, toSeconds } from "../../core/model/time.ts";
import { type HistorySource, type LogRecord, type Row, Unreadable } from "../../runtime/ports.ts";

/** Reads records as values; the runtime's Wire is one. Both throw Unreadable. */
export interface Decoder {
  /** The name of a topic on the broker. */
  nameOf(topic: string): string;
  decode(topic: string, record: LogRecord): unknown;
  decodeEvent(
    place: { readonly topic: string; readonly partition: number },
    record: LogRecord,
    notBefore: Instant,
  ): Event;
}

/** Every topic that history keeps. What cannot be read makes no row: `rejected` tells of it. */
export function historySources(decoder: Decoder): readonly HistorySource[] {
  const source = (topic: string, table: string, columns: Columns): HistorySource => ({
    topic: decoder.nameOf(topic),
    table,
    rowOf(record, place) {
      // A tombstone takes back nothing that has happened: a command that was due, a run that ended.
      if (record.value === null) return null;
      try {
        return { ...placeOf(record, place), ...columns(record, place.partition) };
      } catch (error) {
        if (error instanceof Unreadable) return null;
        throw error;
      }
    },
  });
  const read = (topic: string, record: LogRecord): unknown => decoder.decode(topic, record);
  return [
    source("events", "events", (record, partition) =>
      eventColumns(decoder.decodeEvent({ topic: "events", partition }, record, instant(0))),
    ),
    source("firings", "firings", (record) => firingColumns(read("firings", record))),
    source("run-events", "runs", (record) => runColumns(read("run-events", record), record.timestamp)),
    source("rejected", "rejected", (record) => rejectedColumns(read("rejected", record))),
  ];
}

type Columns = (record: LogRecord, partition: number) => Row;

const placeOf = (record: LogRecord, place: { readonly topic: string; readonly partition: number }): Row => ({
  topic: place.topic,
  partition: place.partition,
  offset: record.offset,
  received: time(record.timestamp),
});

const eventColumns = (event: Event): Row => ({
  id: event.id,
  event: event.event,
  occurred: time(event.occurred),
  labels: event.resource,
  related: event.related,
  payload: event.payload,
  payload_text: JSON.stringify(event.payload),
  follows: event.follows,
  causes: event.causes,
});

function firingColumns(firing: unknown): Row {
  if (!isFiring(firing)) throw new Unreadable("not a firing");
  return {
    id: firing.id,
    automation_id: firing.automationId,
    trigger_id: firing.triggerId,
    revision: firing.revision,
    state: firing.state,
    at: time(firing.at),
    triggered: time(firing.triggered),
    cause: firing.cause,
    event_id: firing.event?.id ?? null,
    event: firing.event?.event ?? "",
    resource_id: firing.event === null ? "" : resourceId(firing.event),
    labels: firing.labels,
    window_start: timeOrNull(firing.windowStart),
    window_end: timeOrNull(firing.windowEnd),
    paid_by: firing.paidBy,
    value: firing.value,
    causes: JSON.stringify(firing.causes),
    children: JSON.stringify(firing.children),
  };
}

function runColumns(event: unknown, written: Instant): Row {
  if (!isRunEvent(event)) throw new Unreadable("not a run event");
  const { command } = event;
  return {
    id: event.id,
    run_id: event.runId,
    kind: event.kind,
    occurred: time(event.occurred),
    automation_id: event.automationId,
    deployment_id: event.deploymentId,
    firing_id: event.firingId,
    due: timeOrNull(command === null ? event.due : dueAt(command, written)),
    command: command === null ? "" : JSON.stringify(commandJson(command)),
    detail: JSON.stringify(event.detail),
  };
}

/** What the view run_commands shows of a command, besides what stands in the columns of its run event. */
const commandJson = (command: RunCommand): Row => ({
  automation_name: command.automationName,
  trigger_id: command.triggerId,
  action_index: command.actionIndex,
  deployment_name: command.deploymentName,
  parameters: command.parameters,
  job_variables: command.jobVariables,
  schedule_after_seconds: toSeconds(command.scheduleAfter),
  target: command.target,
  event_id: command.eventId,
  event: command.eventName,
  resource_id: command.resourceId,
  causes: command.causes,
});

function rejectedColumns(rejected: unknown): Row {
  if (!isRejection(rejected)) throw new Unreadable("not a rejection");
  return {
    rejected_topic: rejected.topic,
    rejected_partition: rejected.partition,
    rejected_offset: rejected.offset,
    at: time(rejected.at),
    key: rejected.key,
    reason: rejected.reason,
    value: rejected.value,
  };
}

const isFiring = (value: unknown): value is Firing => isJsonObject(value) && value["kind"] === "firing";
const isRunEvent = (value: unknown): value is RunEvent => isJsonObject(value) && "runId" in value;
const isRejection = (value: unknown): value is Rejection => isJsonObject(value) && "reason" in value;

/** What the engine's times and days can hold; what lies beyond stands at the end of it. */
const FIRST = parseInstant("1970-01-01") ?? instant(0);
const LAST = parseInstant("2105-12-31") ?? instant(0);

const time = (at: Instant): string => formatInstant(at < FIRST ? FIRST : at > LAST ? LAST : at);
const timeOrNull = (at: Instant | null): string | null => (at === null ? null : time(at));

/** What the topics carry becomes rows, and every column holds what it says. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Event } from "../../../src/core/model/event.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { RunCommand, RunEvent } from "../../../src/core/model/run-command.ts";
import { instant, parseInstant, seconds } from "../../../src/core/model/time.ts";
import { type Decoder, historySources, openHistory } from "../../../src/edges/clickhouse/clickhouse.ts";
import { type History, type LogRecord, Unreadable } from "../../../src/runtime/ports.ts";

const at = (text: string) => parseInstant(text) ?? instant(0);

const event: Event = {
  id: "event-1",
  event: "disk.checked",
  occurred: at("2026-01-02T03:04:04Z"),
  received: at("2026-01-02T03:04:05Z"),
  resource: { "prefect.resource.id": "disk.1" },
  related: [],
  payload: { free: null },
  follows: "event-0",
  causes: ["automation-0"],
};

const firing: Firing = {
  kind: "firing",
  id: "firing-1",
  automationId: "automation-1",
  triggerId: "trigger-1",
  revision: 7,
  state: "Triggered",
  at: at("2026-01-02T03:04:04Z"),
  triggered: at("2026-01-02T03:04:05Z"),
  event,
  labels: { "prefect.resource.id": "disk.1" },
  key: ["disk.1"],
  windowStart: at("2026-01-02T03:04:00Z"),
  windowEnd: null,
  paidBy: ["event-0", "event-1"],
  children: [],
  value: 1.5,
  causes: ["automation-0", "automation-1"],
  cause: "event",
  rank: "",
};

const command: RunCommand = {
  kind: "schedule",
  runId: "run-1",
  automationId: "automation-1",
  automationName: "restart",
  triggerId: "trigger-1",
  firingId: "firing-1",
  actionIndex: 0,
  deploymentId: "deployment-1",
  deploymentName: null,
  parameters: { disk: "disk.1" },
  jobVariables: null,
  triggered: at("2026-01-02T03:04:05Z"),
  scheduleAfter: seconds(90.5),
  target: "topic",
  eventId: "event-1",
  eventName: "disk.checked",
  resourceId: "disk.1",
  causes: [],
};

const scheduled: RunEvent = {
  id: "run-event-1",
  runId: "run-1",
  kind: "scheduled",
  occurred: at("2026-01-02T03:04:05Z"),
  automationId: "automation-1",
  deploymentId: "deployment-1",
  firingId: "firing-1",
  due: null,
  command,
  detail: null,
};

const refused: RunEvent = {
  ...scheduled,
  id: "run-event-2",
  kind: "refused",
  occurred: at("2026-01-02T03:05:36Z"),
  due: at("2026-01-02T03:05:35.5Z"),
  command: null,
  detail: { status: 404 },
};

const rejection = {
  topic: "events",
  partition: 2,
  offset: 77,
  key: null,
  reason: "not JSON: ü",
  value: "{",
  at: at("2026-01-02T03:04:05Z"),
};

const values: Readonly<Record<string, unknown>> = {
  firings: firing,
  rejected: rejection,
};

const runEvents: Readonly<Record<number, RunEvent>> = { 41: scheduled, 42: refused };

const decoder: Decoder = {
  nameOf: (topic) => `tripline.${topic}`,
  decode: (topic, { offset }) => (topic === "run-events" ? runEvents[offset] : values[topic]),
  decodeEvent: (place) => {
    if (place.partition === 9) throw new Unreadable("no event");
    return event;
  },
};

const record: LogRecord = {
  offset: 41,
  key: null,
  value: new Uint8Array([1]),
  timestamp: at("2026-01-02T03:04:05Z"),
  headers: {},
};

describe("rows of history", () => {
  let folder: string;
  let history: History;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tripline-rows-"));
    history = await openHistory({ path: folder });
    await history.prepare();
    for (const source of historySources(decoder)) {
      const offsets = source.topic === "tripline.run-events" ? [41, 42] : [41];
      const rows = offsets.map((offset) =>
        source.rowOf({ ...record, offset }, { topic: source.topic, partition: 3 }),
      );
      await history.insert(
        source.table,
        rows.filter((row) => row !== null),
        source.topic,
      );
    }
  });
  after(async () => {
    await history.close();
    await rm(folder, { recursive: true, force: true });
  });

  const place = (topic: string) => ({
    topic: `tripline.${topic}`,
    partition: 3,
    offset: 41,
    received: "2026-01-02 03:04:05.000000",
  });

  it("tell of events", async () => {
    assert.deepEqual(await history.query("SELECT *, resource_id FROM events"), [
      {
        ...place("events"),
        id: "event-1",
        event: "disk.checked",
        occurred: "2026-01-02 03:04:04.000000",
        labels: { "prefect.resource.id": "disk.1" },
        resource_id: "disk.1",
        related: [],
        payload: {},
        payload_text: '{"free":null}',
        follows: "event-0",
        causes: ["automation-0"],
      },
    ]);
  });

  it("tell of firings", async () => {
    assert.deepEqual(await history.query("SELECT * FROM firings"), [
      {
        ...place("firings"),
        id: "firing-1",
        automation_id: "automation-1",
        trigger_id: "trigger-1",
        revision: 7,
        state: "Triggered",
        at: "2026-01-02 03:04:04.000000",
        triggered: "2026-01-02 03:04:05.000000",
        cause: "event",
        event_id: "event-1",
        event: "disk.checked",
        resource_id: "disk.1",
        labels: { "prefect.resource.id": "disk.1" },
        window_start: "2026-01-02 03:04:00.000000",
        window_end: null,
        paid_by: ["event-0", "event-1"],
        value: 1.5,
        causes: '["automation-0","automation-1"]',
        children: "[]",
      },
    ]);
  });

  it("tell of run commands, and when they are due", async () => {
    assert.deepEqual(await history.query("SELECT * FROM run_commands"), [
      {
        run_id: "run-1",
        automation_id: "automation-1",
        automation_name: "restart",
        trigger_id: "trigger-1",
        firing_id: "firing-1",
        action_index: 0,
        deployment_id: "deployment-1",
        deployment_name: null,
        parameters: '{"disk":"disk.1"}',
        job_variables: null,
        triggered: "2026-01-02 03:04:05.000000",
        schedule_after_seconds: 90.5,
        due: "2026-01-02 03:05:35.500000",
        target: "topic",
        event_id: "event-1",
        event: "disk.checked",
        resource_id: "disk.1",
        causes: [],
        received: "2026-01-02 03:04:05.000000",
      },
    ]);
  });

  it("tell of the life of runs", async () => {
    assert.deepEqual(await history.query("SELECT * EXCEPT command FROM runs ORDER BY offset"), [
      {
        ...place("run-events"),
        id: "run-event-1",
        run_id: "run-1",
        kind: "scheduled",
        occurred: "2026-01-02 03:04:05.000000",
        automation_id: "automation-1",
        deployment_id: "deployment-1",
        firing_id: "firing-1",
        due: "2026-01-02 03:05:35.500000",
        detail: "null",
      },
      {
        ...place("run-events"),
        offset: 42,
        id: "run-event-2",
        run_id: "run-1",
        kind: "refused",
        occurred: "2026-01-02 03:05:36.000000",
        automation_id: "automation-1",
        deployment_id: "deployment-1",
        firing_id: "firing-1",
        due: "2026-01-02 03:05:35.500000",
        detail: '{"status":404}',
      },
    ]);
  });

  it("tell of what was rejected", async () => {
    assert.deepEqual(await history.query("SELECT * FROM rejected"), [
      {
        ...place("rejected"),
        rejected_topic: "events",
        rejected_partition: 2,
        rejected_offset: 77,
        at: "2026-01-02 03:04:05.000000",
        key: null,
        reason: "not JSON: ü",
        value: "{",
      },
    ]);
  });

  it("are not made of tombstones, nor of what cannot be read", () => {
    const [events, firings] = historySources({ ...decoder, decode: () => ({}) });
    const from = (partition: number) => ({ topic: "t", partition });
    assert.equal(events?.rowOf({ ...record, value: null }, from(3)), null);
    assert.equal(events?.rowOf(record, from(9)), null);
    assert.equal(firings?.rowOf(record, from(3)), null);
  });

  it("hold times that the engine cannot as the nearest it can", async () => {
    const [events] = historySources({
      ...decoder,
      decodeEvent: () => ({ ...event, occurred: at("0001-01-01") }),
    });
    const topic = "far";
    for (const [i, timestamp] of [at("9999-12-31"), instant(-1_000_000)].entries()) {
      const row = events?.rowOf({ ...record, timestamp }, { topic, partition: i });
      assert.ok(row);
      await history.insert("events", [row], `far ${i}`);
    }
    const sql = "SELECT received, occurred FROM events WHERE topic = 'far' ORDER BY partition";
    const first = "1970-01-01 00:00:00.000000";
    assert.deepEqual(await history.query(sql), [
      { received: "2105-12-31 00:00:00.000000", occurred: first },
      { received: first, occurred: first },
    ]);
  });
});

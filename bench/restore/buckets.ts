/** Changelog records of open buckets, made as a task makes them: one event for each key through a real chain. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { stages } from "../../src/core/core.ts";
import { deriveId } from "../../src/core/model/id.ts";
import { fromMillis, seconds } from "../../src/core/model/time.ts";
import { openCodecs } from "../../src/edges/avro/avro.ts";
import type { LogRecord, NewRecord } from "../../src/runtime/ports.ts";
import { Copy, type CopyOptions } from "../../src/runtime/task/copy.ts";
import { Wire } from "../../src/runtime/wire.ts";
import { automation, tablesOf, topology } from "../../test/support/evaluators.ts";

const role = topology.roles["evaluator"] ?? assert.fail("no evaluator");
/** A broker may be shared, also with the round before. */
const codecs = openCodecs(join(import.meta.dirname, "../../schemas"));
const wire = new Wire({ topology, codecs, prefix: `bench-${process.pid}` });
const START_MS = Date.UTC(2026, 2, 1);
const COMMIT = 5_000;
const encoder = new TextEncoder();

/** Five in a minute for each resource: no key gets that far. */
const tables = tablesOf(
  [
    automation("orders", {
      kind: "event",
      id: "4b1c7a52-6a0e-4f0e-9c6a-0f6a3c0b7f11",
      match: {},
      matchRelated: {},
      after: [],
      expect: ["order.created"],
      forEach: ["prefect.resource.id"],
      posture: "Reactive",
      threshold: 5,
      within: seconds(60),
    }),
  ],
  1,
);

/** What builds an empty copy of the task whose buckets these are. */
export const copyOptions: CopyOptions = {
  role,
  stages,
  partition: 0,
  partitions: 1,
  wire,
  tables: { current: () => tables },
};

function eventRecord(number: number): LogRecord {
  const id = deriveId("event", number);
  const body = {
    id,
    event: "order.created",
    resource: { "prefect.resource.id": `order.${number}`, "prefect.resource.name": `Order ${number}` },
    payload: { total: number % 1000, currency: "EUR" },
  };
  const value = encoder.encode(JSON.stringify(body));
  return { offset: number, key: null, value, timestamp: fromMillis(START_MS + number / 1000), headers: {} };
}

/** The changes of each commit in turn. */
export function* commits(keys: number): Iterable<readonly NewRecord[]> {
  const { chain, takenIds } = new Copy(copyOptions);
  chain.reload(tables, fromMillis(START_MS));
  for (let from = 0; from < keys; from += COMMIT) {
    for (let number = from; number < Math.min(keys, from + COMMIT); number++) {
      const record = eventRecord(number);
      const event = wire.decodeEvent({ topic: "events", partition: 0 }, record, record.timestamp);
      takenIds.add(event.id, event.received);
      chain.takeEvent(event);
    }
    const changes = [...chain.take().changes, ...takenIds.takeChanges()];
    yield changes.map((change) => wire.encodeChange(role.changelog ?? "", 0, change));
  }
}

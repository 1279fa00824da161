/**
 * What every implementation of the Log port promises, in memory, in SQLite and on Kafka.
 *
 * Offsets need not be dense, polls may find nothing, and topics outlive the tests; so nothing here counts on the opposite.
 * Nothing is timed either: what must happen is waited for, up to a deadline that only a broken log reaches.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Log } from "../../src/runtime/ports.ts";
import { describeDoubts } from "./log-doubt.ts";
import {
  at,
  isLogError,
  type LogPromises,
  numbered,
  type OpenedLog,
  readToEnd,
  record,
  Subject,
  sorted,
  tableOf,
  textsOf,
  unique,
} from "./log-kit.ts";
import { describeGroups, describeReaders, describeTables } from "./log-reading.ts";
import { describeAppending, describeTopics, describeWriters } from "./log-writing.ts";

export type { Held, LogPromises, OpenedLog } from "./log-kit.ts";

export function describeLog(name: string, open: () => Promise<OpenedLog>, promises: LogPromises = {}): void {
  const subject = new Subject(promises);
  const timeout = subject.deadlineMs;

  describe(`${name} as a log`, { timeout: 10 * timeout }, () => {
    before(async () => {
      subject.opened = await open();
    });
    after(() => subject.opened?.close());

    describeTopics(subject);
    describeAppending(subject);
    describeWriters(subject);
    describeDoubts(subject);
    describeReaders(subject);
    describeTables(subject);
    describeGroups(subject);

    subject.promise("tells the broker's time, which never goes back", async (log) => {
      await subject.comes("the time is known", () => log.now() !== null);
      const told = numbered(1000).map(() => log.now() ?? 0);
      assert.deepEqual(told, sorted(told));
    });

    const { reopen } = promises;
    const skip = reopen === undefined ? "this log does not outlive its process" : false;
    it("finds everything as it was when it is opened again, and goes on from there", {
      timeout,
      skip,
    }, async () => {
      const { log, opened } = subject;
      assert.ok(reopen !== undefined && opened !== null);
      const [topic, table] = [await subject.topic(3), await subject.topic(1, "latest")];
      const id = unique("writer");
      const writer = await log.openWriter(id);
      await writer.commit(numbered(30).map((n) => at(n % 3, topic, String(n))));
      await log.append(numbered(2000).map((n) => record(table, `key ${n % 5}`, String(n))));
      const positions = async (from: Log): Promise<unknown> =>
        Promise.all(numbered(3).map(async (p) => [await from.start(topic, p), await from.end(topic, p)]));
      const [was, tableWas, positionsWas] = [
        await readToEnd(log, topic, 2),
        await tableOf(log, table),
        await positions(log),
      ];

      subject.opened = await reopen(opened);
      const again = subject.log;
      assert.deepEqual([await again.partitions(topic), await again.partitions(table)], [3, 1]);
      assert.deepEqual(await readToEnd(again, topic, 2), was);
      assert.deepEqual(await tableOf(again, table), tableWas);
      assert.deepEqual(await positions(again), positionsWas);

      const [next] = await again.append([at(2, topic, "next")]);
      const last = was.at(-1);
      assert.ok(next !== undefined && last !== undefined);
      assert.ok(next.offset > last.offset && next.timestamp >= last.timestamp);
      const successor = await again.openWriter(id);
      await successor.commit([at(2, topic, "last")]);
      assert.deepEqual((await textsOf(again, topic, 2)).slice(-2), ["next", "last"]);
    });

    subject.promise("may be closed more than once, and refuses everything after", async () => {
      const other = await open();
      await other.log.close();
      await other.log.close();
      await assert.rejects(other.log.append([record("any", "a", "1")]), isLogError);
      await assert.rejects(other.log.openWriter("any"), isLogError);
      await other.close();
    });
  });
}

/** What every log promises to those who write. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import fc from "fast-check";
import type { Instant } from "../../src/core/model/time.ts";
import { partitionOf } from "../../src/runtime/partitioner.ts";
import { LogError, type NewRecord } from "../../src/runtime/ports.ts";
import {
  at,
  bytes,
  isLogError,
  KEEP,
  numbered,
  readToEnd,
  record,
  type Subject,
  sorted,
  textOf,
  textsOf,
  unique,
} from "./log-kit.ts";

export function describeTopics(subject: Subject): void {
  describe("topics", () => {
    subject.promise("has as many partitions as were asked for", async (log) => {
      const [one, three] = [await subject.topic(1), await subject.topic(3, "latest")];
      assert.deepEqual([await log.partitions(one), await log.partitions(three)], [1, 3]);
    });

    subject.promise("leaves topics alone that are there", async (log) => {
      const topic = await subject.topic(1);
      await log.append([record(topic, "a", "1")]);
      await log.create([{ name: topic, partitions: 1, keep: KEEP }]);
      assert.deepEqual(await textsOf(log, topic), ["1"]);
    });

    subject.promise(
      "refuses other partition counts, and names every topic that differs, with both",
      async (log) => {
        const [two, three] = [await subject.topic(2), await subject.topic(3)];
        const specs = [two, three].map((topic) => ({ name: topic, partitions: 12, keep: KEEP }));
        await assert.rejects(log.create(specs), (error) => {
          assert.ok(error instanceof LogError);
          assert.equal(error.retriable, false);
          for (const part of [`${two} has 2`, `${three} has 3`, "12"])
            assert.ok(error.message.includes(part), error.message);
          return true;
        });
      },
    );

    subject.promise(
      "starts and ends an empty partition at the same offset, and gives nothing of it",
      async (log) => {
        const topic = await subject.topic(1);
        assert.equal(await log.start(topic, 0), await log.end(topic, 0));
        assert.deepEqual(await readToEnd(log, topic, 0), []);
      },
    );
  });
}

export function describeAppending(subject: Subject): void {
  describe("appending", () => {
    subject.promise("puts a key where the standard partitioner puts it, whatever the key", async (log) => {
      const topic = await subject.topic(5);
      const drawn = fc.sample(fc.string({ unit: "grapheme" }), { numRuns: 50, seed: 1 });
      const keys = [...drawn, "käse", "鍵", "🔑"];
      const appended = await log.append(keys.map((key) => record(topic, key, "v")));
      assert.deepEqual(
        appended.map(({ partition }) => partition),
        keys.map((key) => partitionOf(key, 5)),
      );
    });

    subject.promise("puts a record where it says, its key notwithstanding", async (log) => {
      const topic = await subject.topic(3);
      await log.append(numbered(3).map((p) => ({ ...record(topic, "same", `in ${p}`), partition: p })));
      for (const p of numbered(3)) assert.deepEqual(await textsOf(log, topic, p), [`in ${p}`]);
    });

    subject.promise("tells the offset and timestamp under which a reader finds the record", async (log) => {
      const topic = await subject.topic(1);
      const appended = await log.append(["a", "b", "c"].map((key) => record(topic, key, key)));
      const found = await readToEnd(log, topic, 0);
      const places = (all: readonly { offset: number; timestamp: Instant }[]): unknown =>
        all.map(({ offset, timestamp }) => ({ offset, timestamp }));
      assert.deepEqual(places(appended), places(found));
    });

    subject.promise(
      "keeps headers, null keys, empty, binary, large and absent values as they were",
      async (log) => {
        const topic = await subject.topic(1);
        const told: readonly Pick<NewRecord, "key" | "value" | "headers">[] = [
          { key: null, value: bytes("no key"), headers: {} },
          { key: "", value: new Uint8Array(0), headers: {} },
          { key: "tombstone", value: null, headers: { why: "gone" } },
          { key: "käse/鍵/🔑", value: bytes("é"), headers: { schema: "event", ü: "ß 🔑", empty: "" } },
          { key: "\u0000\u0000\u0000\u0000", value: Uint8Array.from(numbered(256)), headers: {} },
          { key: "a\u0000b", value: new Uint8Array(1_000_000).fill(0xfe), headers: {} },
        ];
        for (const one of told) await log.append([{ ...one, topic, partition: 0 }]);
        const found = await readToEnd(log, topic, 0);
        assert.equal(found.length, told.length);
        found.forEach(({ key, value, headers }, i) => {
          const plain = {
            key,
            value: value === null ? null : new Uint8Array(value),
            headers: { ...headers },
          };
          assert.deepEqual(plain, told[i], `record ${i}`);
        });
      },
    );

    subject.promise("refuses a record without key where the newest of each key is kept", async (log) => {
      const topic = await subject.topic(1, "latest");
      await assert.rejects(log.append([record(topic, null, "whose?")]), isLogError);
    });

    subject.promise(
      "loses nothing and doubles nothing of what many append and commit at once, each in its order",
      async (log) => {
        const action = fc.record({ writer: fc.nat(3), size: fc.integer({ min: 1, max: 20 }) });
        await fc.assert(
          fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 12 }), async (actions) => {
            const topic = await subject.topic(2);
            const byWriter = Map.groupBy(actions, ({ writer }) => writer);
            await Promise.all(
              [...byWriter].map(async ([id, own]) => {
                const writer = id === 0 ? null : await log.openWriter(unique("writer"));
                let next = 0;
                for (const { size } of own) {
                  const records = numbered(size).map(() => at(next % 2, topic, `${id}:${next++}`));
                  await (writer?.commit(records) ?? log.append(records));
                }
              }),
            );
            for (const p of [0, 1]) {
              const found = await readToEnd(log, topic, p);
              for (const [id, own] of byWriter) {
                const count = own.reduce((sum, { size }) => sum + size, 0);
                const mine = found.map(textOf).filter((text) => text?.startsWith(`${id}:`));
                assert.deepEqual(
                  mine,
                  numbered(count)
                    .filter((n) => n % 2 === p)
                    .map((n) => `${id}:${n}`),
                );
              }
              const times = found.map(({ timestamp }) => timestamp);
              assert.deepEqual(times, sorted(times), "timestamps never go back");
            }
          }),
          { numRuns: 8 },
        );
      },
    );
  });
}

export function describeWriters(subject: Subject): void {
  describe("a writer", () => {
    subject.promise("has a transaction seen whole, across topics, in order", async (log) => {
      const [one, other] = [await subject.topic(1), await subject.topic(2)];
      const writer = await log.openWriter(unique("writer"));
      await writer.commit([at(0, one, "1"), at(1, other, "2"), at(0, one, "3"), at(0, other, "4")]);
      await writer.commit([at(0, one, "5")]);
      const seen = [await textsOf(log, one), await textsOf(log, other, 0), await textsOf(log, other, 1)];
      assert.deepEqual(seen, [["1", "3", "5"], ["4"], ["2"]]);
      await writer.close();
    });

    subject.promise("leaves nothing to be seen of a transaction that failed, and stays dead", async (log) => {
      const topic = await subject.topic(1);
      const writer = await log.openWriter(unique("writer"));
      await writer.commit([at(0, topic, "before")]);
      await assert.rejects(writer.commit([at(0, topic, "lost"), at(7, topic, "nowhere")]), isLogError);
      await assert.rejects(writer.commit([at(0, topic, "too late")]), isLogError);
      await log.append([at(0, topic, "after")]);
      assert.deepEqual(await textsOf(log, topic), ["before", "after"]);
    });

    subject.promise(
      "is fenced by the next of its name: its commit fails and changes nothing",
      async (log) => {
        const topic = await subject.topic(1);
        const id = unique("writer");
        const zombie = await log.openWriter(id);
        await zombie.commit([at(0, topic, "1")]);
        const successor = await log.openWriter(id);
        await successor.commit([at(0, topic, "2")]);
        await assert.rejects(
          zombie.commit([at(0, topic, "zombie")]),
          (error) => error instanceof LogError && error.retriable && error.isFenced,
        );
        await assert.rejects(zombie.commit([at(0, topic, "zombie")]), isLogError);
        await successor.commit([at(0, topic, "3")]);
        assert.deepEqual(await textsOf(log, topic), ["1", "2", "3"]);
      },
    );

    subject.promise("finds what its predecessor left settled, once it is open", async (log) => {
      const topics = [await subject.topic(1), await subject.topic(1)];
      const id = unique("writer");
      let acknowledged = 0;
      for (const round of numbered(10)) {
        const first = await log.openWriter(id);
        const commit = first.commit(topics.map((topic) => at(0, topic, `round ${round}`)));
        const outcome = commit.then(
          () => true,
          (error) => !isLogError(error),
        );
        const successor = await log.openWriter(id);
        const settled = await Promise.all(topics.map((topic) => textsOf(log, topic)));
        assert.deepEqual(settled[0], settled[1], "seen whole or not at all");
        if (await outcome) assert.equal(settled[0]?.length, ++acknowledged);
        acknowledged = settled[0]?.length ?? 0;
        await successor.close();
        assert.deepEqual(await Promise.all(topics.map((topic) => textsOf(log, topic))), settled);
      }
    });

    subject.promise("refuses to commit once it is closed", async (log) => {
      const topic = await subject.topic(1);
      const writer = await log.openWriter(unique("writer"));
      await writer.close();
      await assert.rejects(writer.commit([at(0, topic, "1")]), isLogError);
    });
  });
}

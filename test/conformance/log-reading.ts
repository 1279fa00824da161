/** What every log promises to those who read, and to groups of them. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Instant } from "../../src/core/model/time.ts";
import { type Batch, LogError } from "../../src/runtime/ports.ts";
import {
  at,
  FOREVER_MS,
  isLogError,
  numbered,
  pollUntil,
  readToEnd,
  record,
  Share,
  type Subject,
  sorted,
  tableOf,
  textOf,
  unique,
} from "./log-kit.ts";

export function describeReaders(subject: Subject): void {
  const clockError = (subject.promises.clockErrorMs ?? 0) * 1000;
  describe("a reader", () => {
    subject.promise("reads on from where it is told to", async (log) => {
      const topic = await subject.topic(1);
      const appended = await log.append(["a", "b", "c"].map((value) => at(0, topic, value)));
      const found = await readToEnd(log, topic, 0, appended[1]?.offset);
      assert.deepEqual(found.map(textOf), ["b", "c"]);
    });

    subject.promise(
      "gives all of several partitions, in order, however many polls that takes",
      async (log) => {
        const topic = await subject.topic(3);
        const texts = numbered(25_000).map(String);
        for (let i = 0; i < texts.length; i += 1000) {
          await log.append(texts.slice(i, i + 1000).map((text) => at(Number(text) % 3, topic, text)));
        }
        const from = numbered(3).map((partition) => ({ topic, partition, offset: 0 }));
        let count = 0;
        let seen = 0;
        const all = await pollUntil(log, from, (batches) => {
          for (; seen < batches.length; seen++) count += batches[seen]?.records.length ?? 0;
          return count >= texts.length;
        });
        for (const p of numbered(3)) {
          const own = all
            .filter((batch) => batch.partition === p)
            .flatMap((batch) => batch.records.map(textOf));
          assert.deepEqual(
            own,
            texts.filter((text) => Number(text) % 3 === p),
          );
        }
      },
    );

    subject.promise(
      "at the end says so, at a time that never goes back, though nothing comes",
      async (log) => {
        const topic = await subject.topic(1);
        await log.append([at(0, topic, "1")]);
        const reader = await log.openReader([{ topic, partition: 0, offset: await log.end(topic, 0) }]);
        const told: Instant[] = [];
        while (told.length < 5) {
          for (const { isAtEnd, askedAt, records } of await reader.poll(20)) {
            assert.deepEqual(records, []);
            if (isAtEnd && askedAt !== null) told.push(askedAt);
          }
        }
        assert.deepEqual(told, sorted(told));
        await reader.close();
      },
    );

    // With clockErrorMs = 0 strictly later, to the millisecond; else no more than that error before `askedAt`.
    subject.promise(
      "told at the end when it asked, finds every later record stamped later than that",
      async (log) => {
        const topic = await subject.topic(1);
        const reader = await log.openReader([{ topic, partition: 0, offset: 0 }]);
        for (const round of numbered(10)) {
          let end: Batch | undefined;
          while (end === undefined) {
            end = (await reader.poll(20)).find(({ isAtEnd, askedAt }) => isAtEnd && askedAt !== null);
          }
          const [appended] = await log.append([at(0, topic, String(round))]);
          assert.ok(appended !== undefined && appended.offset >= end.nextOffset);
          assert.ok(appended.timestamp > (end.askedAt ?? 0) - clockError, `round ${round}`);
        }
        await reader.close();
      },
    );

    // Once at once, and once when the poll is surely waiting.
    subject.promise("ends its poll early when something comes", async (log) => {
      for (const wait of [0, 30]) {
        const topic = await subject.topic(2);
        const from = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
        const found = pollUntil(log, from, (all) => all.some(({ records }) => records.length > 0));
        if (wait > 0) await pause(wait);
        await log.append([at(1, topic, "here")]);
        assert.deepEqual(
          (await found).flatMap(({ records }) => records.map(textOf)),
          ["here"],
        );
      }
    });

    subject.promise("ends its poll early when woken, as often as that happens", async (log) => {
      const topic = await subject.topic(1);
      const reader = await log.openReader([{ topic, partition: 0, offset: 0 }]);
      for (const wait of [0, 0, 30]) {
        const poll = reader.poll(FOREVER_MS);
        if (wait > 0) await pause(wait);
        reader.wakeUp();
        assert.deepEqual(
          (await poll).flatMap(({ records }) => records),
          [],
        );
      }
      await reader.close();
    });

    subject.promise("ends its poll when it is closed, and refuses another", async (log) => {
      const topic = await subject.topic(1);
      const reader = await log.openReader([{ topic, partition: 0, offset: 0 }]);
      const poll = reader.poll(FOREVER_MS);
      await reader.close();
      assert.deepEqual(
        (await poll).flatMap(({ records }) => records),
        [],
      );
      await assert.rejects(reader.poll(0), isLogError);
    });

    subject.promise("refuses an offset that was never written, rather than wait for it", async (log) => {
      const topic = await subject.topic(1);
      await log.append([at(0, topic, "1")]);
      const offset = (await log.end(topic, 0)) + 1000;
      await assert.rejects(
        pollUntil(log, [{ topic, partition: 0, offset }], () => false),
        (error) => error instanceof LogError && !error.retriable,
      );
    });
  });
}

export function describeTables(subject: Subject): void {
  describe("a topic that keeps the newest of each key", () => {
    subject.promise(
      "is read to its end though offsets are missing, and gives the newest of each key",
      async (log) => {
        const topic = await subject.topic(1, "latest");
        const writer = await log.openWriter(unique("writer"));
        for (const round of numbered(30)) {
          await writer.commit(numbered(100).map((n) => record(topic, `key ${n % 7}`, `${round}.${n}`)));
          const dead = await log.openWriter(unique("writer"));
          await assert.rejects(
            dead.commit([record(topic, "key 1", "lost"), at(9, topic, "nowhere")]),
            isLogError,
          );
        }
        const expected = Object.fromEntries(numbered(100).map((n) => [`key ${n % 7}`, `29.${n}`]));
        assert.deepEqual(await tableOf(log, topic), expected);
        await subject.promises.compact?.(topic);
        assert.deepEqual(await tableOf(log, topic), expected);
        await writer.commit([record(topic, "key 3", "newer")]);
        assert.deepEqual(await tableOf(log, topic), { ...expected, "key 3": "newer" });
      },
    );

    subject.promise("forgets a key at its tombstone, and knows it again after", async (log) => {
      const topic = await subject.topic(1, "latest");
      await log.append([record(topic, "a", "1"), record(topic, "b", "1"), record(topic, "a", null)]);
      await log.append(numbered(3000).map((n) => record(topic, "filler", String(n))));
      await subject.promises.compact?.(topic);
      assert.deepEqual(await tableOf(log, topic), { b: "1", filler: "2999" });
      await log.append([record(topic, "a", "2")]);
      assert.deepEqual(await tableOf(log, topic), { a: "2", b: "1", filler: "2999" });
    });
  });
}

export function describeGroups(subject: Subject): void {
  describe("a group", () => {
    subject.promise(
      "shares the partition numbers without overlap; who stays takes over from who leaves",
      async (log) => {
        const topics = [await subject.topic(5), await subject.topic(5, "latest")];
        const group = unique("group");
        const [a, b] = [new Share(), new Share()];
        const first = await log.join(group, topics, a);
        await subject.comes("the only member has all", () => a.numbers.length === 5);
        assert.deepEqual(sorted(a.numbers), [0, 1, 2, 3, 4]);

        const second = await log.join(group, topics, b);
        await subject.comes(
          "both have some",
          () => a.numbers.length < 5 && a.numbers.length + b.numbers.length === 5,
        );
        assert.deepEqual(sorted([...a.numbers, ...b.numbers]), [0, 1, 2, 3, 4]);
        assert.ok(a.numbers.length > 0 && b.numbers.length > 0);

        await first.leave();
        await subject.comes("who stays has all", () => b.numbers.length === 5);
        await second.leave();
      },
    );

    subject.promise("is no business of another group", async (log) => {
      const topics = [await subject.topic(2)];
      const shares = [new Share(), new Share()];
      const joined = await Promise.all(shares.map((share) => log.join(unique("group"), topics, share)));
      await subject.comes("each has all", () => shares.every(({ numbers }) => numbers.length === 2));
      await Promise.all(joined.map((membership) => membership.leave()));
    });

    subject.promise("refuses topics whose partition counts differ", async (log) => {
      const topics = [await subject.topic(2), await subject.topic(3)];
      await assert.rejects(log.join(unique("group"), topics, new Share()), isLogError);
    });
  });
}

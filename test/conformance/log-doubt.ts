/** What every log promises where writers die, come back too late, or do not hear how their commit ended. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import { type Log, LogError, type NewRecord } from "../../src/runtime/ports.ts";
import {
  at,
  type Held,
  isLogError,
  numbered,
  readToEnd,
  record,
  type Subject,
  tableOf,
  textOf,
  textsOf,
  unique,
} from "./log-kit.ts";

/** The key that some take for the marker of an abort: four bytes, all zero. */
const ZERO = "\u0000\u0000\u0000\u0000";

/** Where records are seen only when they are committed, a writer can be stopped before both, and not between them. */
async function holdBefore(log: Log, name: string, records: readonly NewRecord[]): Promise<Held> {
  const writer = await log.openWriter(name);
  const commit = (): Promise<unknown> =>
    writer.commit(records).then(
      () => null,
      (error: unknown) => error,
    );
  return { end: async (how) => (how === "lose" ? null : commit()) };
}

export function describeDoubts(subject: Subject): void {
  const hold = subject.promises.hold ?? ((...asked) => holdBefore(subject.log, ...asked));

  /** From every offset, those of the expected values that stand there or behind it. */
  async function assertSeen(log: Log, topic: string, expected: readonly string[]): Promise<void> {
    const all = await readToEnd(log, topic, 0);
    assert.deepEqual(all.map(textOf), expected);
    for (let from = await log.start(topic, 0); from < (await log.end(topic, 0)); from++) {
      const seen = await readToEnd(log, topic, 0, from);
      assert.deepEqual(
        seen.map(textOf),
        all.filter(({ offset }) => offset >= from).map(textOf),
        `from ${from}`,
      );
    }
  }

  const zero = (topic: string, value: string): NewRecord => ({ ...at(0, topic, value), key: ZERO });

  describe("a transaction that is never ended", () => {
    subject.promise("leaves nothing to be seen, though three stand among each other", async (log) => {
      const topic = await subject.topic(1);
      const names = ["a", "b", "c"].map(unique);
      await log.append([zero(topic, "before")]);
      const held: Held[] = [];
      for (const name of names) {
        held.push(
          await hold(name, [zero(topic, "aborted"), at(0, topic, "aborted"), zero(topic, "aborted")]),
        );
        await log.append([zero(topic, `beside ${held.length}`)]);
      }
      for (const each of held) await each.end("lose");
      for (const i of [1, 0, 2]) await (await log.openWriter(names[i] ?? "")).close();
      await log.append([zero(topic, "after")]);
      await assertSeen(log, topic, ["before", "beside 1", "beside 2", "beside 3", "after"]);
    });

    subject.promise("leaves what its writer commits before and after it to be seen", async (log) => {
      const topic = await subject.topic(1);
      const name = unique("writer");
      for (const round of [1, 2]) {
        await (await hold(name, [zero(topic, "aborted"), zero(topic, "aborted")])).end("lose");
        const writer = await log.openWriter(name);
        await writer.commit([zero(topic, `committed ${round}`), at(0, topic, `too ${round}`)]);
        await writer.close();
      }
      await assertSeen(log, topic, ["committed 1", "too 1", "committed 2", "too 2"]);
    });

    subject.promise("does not stop a restore, wherever it begins, once the topic is cleaned", async (log) => {
      const topic = await subject.topic(1, "latest");
      const writer = await log.openWriter(unique("writer"));
      for (const round of numbered(4)) {
        await writer.commit(["x", "y"].map((key) => record(topic, key, `${round}`)));
        const name = unique("killed");
        await (
          await hold(
            name,
            ["x", "y", "z"].map((key) => record(topic, key, "aborted")),
          )
        ).end("lose");
        await (await log.openWriter(name)).close();
      }
      await log.append(numbered(3000).map((n) => record(topic, "filler", String(n))));
      await subject.promises.compact?.(topic);
      assert.deepEqual(await tableOf(log, topic), { x: "3", y: "3", filler: "2999" });
      const start = await log.start(topic, 0);
      for (let from = start; from < start + 30; from++) {
        const seen = await readToEnd(log, topic, 0, from);
        assert.equal(seen.filter((each) => textOf(each) === "aborted").length, 0, `from ${from}`);
      }
    });
  });

  describe("a writer stopped between its records and its commit", () => {
    subject.promise("changes nothing when it comes back after its successor has worked", async (log) => {
      const [topic, other] = [await subject.topic(1), await subject.topic(1)];
      const name = unique("writer");
      const zombie = await hold(name, [at(0, topic, "zombie"), at(0, other, "zombie")]);
      const successor = await log.openWriter(name);
      const work = numbered(1000).map(String);
      for (let i = 0; i < work.length; i += 50) {
        await successor.commit(work.slice(i, i + 50).map((text) => at(0, topic, text)));
      }
      assert.ok(isLogError(await zombie.end("commit")));
      assert.deepEqual([await textsOf(log, topic), await textsOf(log, other)], [work, []]);
      await successor.commit([at(0, topic, "last"), at(0, other, "last")]);
      assert.deepEqual([await textsOf(log, topic), await textsOf(log, other)], [[...work, "last"], ["last"]]);
    });
  });

  describe("a commit in doubt", () => {
    subject.promise("is seen whole or not at all, and not lost once it was acknowledged", async (log) => {
      const { reopen } = subject.promises;
      const opened = subject.opened;
      if (reopen === undefined || opened === null) return;
      const topics = [await subject.topic(1), await subject.topic(1)];
      const name = unique("writer");
      const writer = await log.openWriter(name);
      await writer.commit(topics.map((topic) => at(0, topic, "before")));
      const outcome = writer.commit(topics.map((topic) => at(0, topic, "in doubt"))).then(
        () => "acknowledged",
        (error: unknown) => error,
      );
      subject.opened = await reopen(opened);
      const successor = await subject.log.openWriter(name);
      const [one, two] = await Promise.all(topics.map((topic) => textsOf(subject.log, topic)));
      assert.deepEqual(one, two);
      const told = await outcome;
      if (told === "acknowledged") assert.deepEqual(one, ["before", "in doubt"]);
      else assert.ok(told instanceof LogError);
      await successor.commit(topics.map((topic) => at(0, topic, "after")));
      for (const topic of topics)
        assert.deepEqual(await textsOf(subject.log, topic), [...(one ?? []), "after"]);
    });

    if (subject.promises.hold === undefined) return;
    for (const how of ["lose-answer", "lose"] as const) {
      const is =
        how === "lose" ? "is not in the log where it never arrived" : "is in the log where it arrived";
      subject.promise(`${is}, and stays so whoever writes next`, async (log) => {
        const topics = [await subject.topic(1), await subject.topic(1)];
        const name = unique("writer");
        const told = await (
          await hold(
            name,
            topics.map((topic) => at(0, topic, "in doubt")),
          )
        ).end(how);
        assert.ok(told instanceof LogError && told.retriable && !told.isFenced);
        const successor = await log.openWriter(name);
        const settled = how === "lose" ? [] : ["in doubt"];
        for (const topic of topics) assert.deepEqual(await textsOf(log, topic), settled);
        await successor.commit(topics.map((topic) => at(0, topic, "after")));
        for (const topic of topics) assert.deepEqual(await textsOf(log, topic), [...settled, "after"]);
      });
    }
  });
}

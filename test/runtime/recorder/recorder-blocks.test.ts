/** However records are fetched, and from whichever block's start on, the same blocks come of them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { instant, seconds } from "../../../src/core/model/time.ts";
import type { Batch, LogRecord } from "../../../src/runtime/ports.ts";
import { type Block, type Cut, Cutter, DEFAULT_CUT, whyNoCut } from "../../../src/runtime/recorder/blocks.ts";

const cut: Cut = { records: 10, span: seconds(1), bytes: 100 };

/** Rows tell their offset and time; an empty value makes none. */
const source = {
  topic: "t",
  table: "events",
  rowOf: (record: LogRecord) =>
    record.value?.length === 0 ? null : { offset: record.offset, received: record.timestamp },
};

const record = (offset: number, second: number, size = 1): LogRecord => ({
  offset,
  key: null,
  value: new Uint8Array(size),
  timestamp: instant(second * 1_000_000),
  headers: {},
});

const batch = (records: readonly LogRecord[], end?: { readonly at: number }): Batch => ({
  topic: "t",
  partition: 3,
  records,
  nextOffset: (records.at(-1)?.offset ?? -1) + 1,
  isAtEnd: end !== undefined,
  askedAt: end === undefined ? null : instant(end.at * 1_000_000),
});

const tokens = (blocks: readonly Block[]): string => blocks.map((block) => block.token).join(" ");

describe("blocks of ten records and one second", () => {
  it("end before every tenth offset", () => {
    const cutter = new Cutter(source, 3, cut);
    const records = Array.from({ length: 25 }, (_, offset) => record(offset, 0));
    assert.equal(tokens(cutter.take(batch(records))), "t:3:0-9 t:3:10-19");
  });

  it("are complete once the next offset lies beyond, whatever stands there", () => {
    const cutter = new Cutter(source, 3, cut);
    const few = [record(7, 0), record(8, 0)];
    assert.equal(tokens(cutter.take({ ...batch(few), nextOffset: 9 })), "");
    assert.equal(tokens(cutter.take({ ...batch([]), nextOffset: 10 })), "t:3:7-8");
  });

  it("end before a record of another second", () => {
    const cutter = new Cutter(source, 3, cut);
    assert.equal(tokens(cutter.take(batch([record(0, 0.1), record(1, 0.9), record(2, 1)]))), "t:3:0-1");
  });

  it("end before the record that would make them too large", () => {
    const cutter = new Cutter(source, 3, cut);
    assert.equal(
      tokens(cutter.take(batch([record(0, 0, 60), record(1, 0, 40), record(2, 0, 1)]))),
      "t:3:0-1",
    );
  });

  it("at the end of the log wait until a second after theirs is over", () => {
    const cutter = new Cutter(source, 3, cut);
    assert.equal(tokens(cutter.take(batch([record(0, 0.5)], { at: 1.9 }))), "");
    assert.equal(tokens(cutter.take({ ...batch([]), nextOffset: 1, askedAt: instant(9e6) })), "");
    assert.equal(tokens(cutter.take({ ...batch([], { at: 2 }), nextOffset: 1 })), "t:3:0-0");
  });

  it("begin and end with a record that makes a row", () => {
    const cutter = new Cutter(source, 3, cut);
    const records = [
      record(0, 0, 0),
      record(1, 0),
      record(2, 0, 0),
      record(3, 0),
      record(4, 0, 0),
      record(5, 1),
    ];
    const [block] = cutter.take(batch(records));
    assert.deepEqual(block?.token, "t:3:1-3");
    assert.equal(block?.rows.length, 2);
  });

  it("hold no time before their first, where a clock went back over midnight", () => {
    const cutter = new Cutter(source, 3, cut);
    const [block] = cutter.take(batch([record(0, 86_400), record(1, 86_399.5), record(2, 86_402)]));
    assert.deepEqual(
      block?.rows.map((row) => row["received"]),
      [86_400_000_000, 86_400_000_000],
    );
  });
});

describe("blocks, whatever comes", () => {
  /** Gaps, silent records, sizes, and a clock that stands, runs, and now and then goes back. */
  const logs = fc
    .array(
      fc.record({
        gap: fc.nat({ max: 3 }),
        passed: fc.integer({ min: -300, max: 900 }),
        size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
      }),
      { maxLength: 80 },
    )
    .map((steps) => {
      let offset = -1;
      let ms = 86_395_000;
      return steps.map(({ gap, passed, size }) => {
        offset += 1 + gap;
        ms += passed;
        return record(offset, ms / 1000, size);
      });
    });

  /** Reads records in fetches of these sizes, then finds the end long after. */
  function read(records: readonly LogRecord[], sizes: readonly number[]): readonly Block[] {
    const cutter = new Cutter(source, 3, cut);
    const blocks: Block[] = [];
    let at = 0;
    for (let i = 0; at < records.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      blocks.push(...cutter.take(batch(records.slice(at, at + size))));
      at += size;
    }
    const last = (records.at(-1)?.offset ?? -1) + 1;
    return [...blocks, ...cutter.take({ ...batch([], { at: 1e9 }), nextOffset: last })];
  }

  const fetches = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });

  it("are the same however they were fetched", () => {
    fc.assert(
      fc.property(logs, fetches, fetches, (records, some, other) => {
        assert.deepEqual(read(records, some), read(records, other));
      }),
    );
  });

  it("are the same from the end of any of them on", () => {
    fc.assert(
      fc.property(logs, fetches, fc.nat(), (records, sizes, pick) => {
        const all = read(records, sizes);
        if (all.length === 0) return;
        const index = pick % all.length;
        const from = all[index]?.nextOffset ?? 0;
        const rest = records.filter(({ offset }) => offset >= from);
        assert.deepEqual(read(rest, sizes), all.slice(index + 1));
      }),
    );
  });

  it("hold every row once, in order, each block of one day", () => {
    fc.assert(
      fc.property(logs, fetches, (records, sizes) => {
        const blocks = read(records, sizes);
        assert.deepEqual(
          blocks.flatMap((block) => block.rows.map((row) => row["offset"])),
          records.filter(({ value }) => value?.length !== 0).map(({ offset }) => offset),
        );
        for (const { rows } of blocks) {
          assert.equal(new Set(rows.map((row) => Math.floor(Number(row["received"]) / 86_400e6))).size, 1);
        }
      }),
    );
  });
});

describe("a cut", () => {
  it("must divide the day, for a block is of one day", () => {
    assert.equal(whyNoCut(DEFAULT_CUT), null);
    assert.match(whyNoCut({ ...DEFAULT_CUT, span: seconds(7) }) ?? "", /divide a day/);
    assert.match(whyNoCut({ ...DEFAULT_CUT, records: 0 }) ?? "", /0 records/);
    assert.match(whyNoCut({ ...DEFAULT_CUT, bytes: 0 }) ?? "", /0 bytes/);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fromMillis } from "../../../src/core/model/time.ts";
import { readRecords } from "../../../src/edges/kafka/reader/records.ts";
import type { LogRecord } from "../../../src/runtime/ports.ts";
import { batch, type Step, type Story, tell, threeAbort, zeroKey } from "./batches.ts";

const text = (value: Uint8Array | null) => (value === null ? null : Buffer.from(value).toString());
const asTold = (records: readonly LogRecord[]) => records.map(({ offset, value }) => [offset, text(value)]);

function readFrom(story: Story, from: number) {
  const { bytes, aborted } = story.fetch(from);
  return readRecords(bytes, from, aborted);
}

/** That of every committed record, and nothing else, from every offset. */
function assertCommittedOnly(story: Story): void {
  for (let from = 0; from <= story.end; from++) {
    const found = readFrom(story, from);
    assert.deepEqual(
      asTold(found.records),
      story.committed.filter(([offset]) => offset >= from).map((each) => [...each]),
      `from ${from}`,
    );
    assert.equal(found.nextOffset, story.end);
  }
}

describe("what a fetch brought", () => {
  it("is records with key, value, headers, and the producer's time", () => {
    const records = [
      { key: "a", value: "1", headers: { trace: "x", näme: "wert" } },
      { key: null, value: null, later: 250 },
      { key: "ключ", value: "", later: -5_000_000_000 },
    ];
    const found = readRecords(batch({ at: 7, records, firstMs: 1_700_000_000_000 }), 7, []);
    assert.deepEqual(
      found.records.map((each) => ({ ...each, value: text(each.value) })),
      [
        {
          offset: 7,
          key: "a",
          value: "1",
          timestamp: fromMillis(1_700_000_000_000),
          headers: { trace: "x", näme: "wert" },
        },
        { offset: 8, key: null, value: null, timestamp: fromMillis(1_700_000_000_250), headers: {} },
        { offset: 9, key: "ключ", value: "", timestamp: fromMillis(1_695_000_000_000), headers: {} },
      ],
    );
    assert.equal(found.nextOffset, 10);
  });

  it("has the broker's time where the topic keeps that", () => {
    const records = [
      { key: "a", value: "1" },
      { key: "a", value: "2", later: 9 },
    ];
    const found = readRecords(batch({ at: 0, records, firstMs: 5, appendedMs: 4_000 }), 0, []);
    assert.deepEqual(
      found.records.map(({ timestamp }) => timestamp),
      [fromMillis(4_000), fromMillis(4_000)],
    );
  });

  it("may begin in the middle of a batch", () => {
    const bytes = batch({ at: 10, records: ["a", "b", "c"].map((value) => ({ key: value, value })) });
    assert.deepEqual(asTold(readRecords(bytes, 11, []).records), [
      [11, "b"],
      [12, "c"],
    ]);
  });

  it("may be cut off in its last batch, which comes again", () => {
    const first = batch({ at: 0, records: [{ key: "a", value: "1" }] });
    const second = batch({ at: 1, records: [{ key: "a", value: "2" }] });
    for (let length = 0; length < second.length; length++) {
      const found = readRecords(Buffer.concat([first, second.subarray(0, length)]), 0, []);
      assert.deepEqual([asTold(found.records), found.nextOffset], [[[0, "1"]], 1]);
    }
  });

  it("may be compressed", () => {
    const records = [{ key: "a", value: "x".repeat(10_000) }];
    assert.deepEqual(asTold(readRecords(batch({ at: 3, records, gzip: true }), 0, []).records), [
      [3, records[0]?.value],
    ]);
  });

  it("leads on past batches that the cleaner has emptied (K1)", () => {
    // The shape that stopped restores for good: the rest of a segment is one batch without records.
    const emptied = batch({ at: 2024, spans: 35, producer: 5n });
    assert.deepEqual(readRecords(emptied, 2024, []), { records: [], nextOffset: 2059 });
  });

  it("leads on past records that the cleaner took from the end of a batch", () => {
    const found = readRecords(batch({ at: 0, records: [{ key: "a", value: "1" }], spans: 9 }), 0, []);
    assert.deepEqual([asTold(found.records), found.nextOffset], [[[0, "1"]], 9]);
  });

  it("leads on past markers", () => {
    assert.equal(readRecords(batch({ at: 4, producer: 1n, marker: "commit" }), 4, []).nextOffset, 5);
  });

  it("stays where it is when there is nothing", () => {
    assert.deepEqual(readRecords(Buffer.alloc(0), 17, []), { records: [], nextOffset: 17 });
  });

  it("is refused in a format of old", () => {
    const old = batch({ at: 0, records: [{ key: "a", value: "1" }] });
    old.writeInt8(1, 16);
    assert.throws(() => readRecords(old, 0, []), { name: "LogError", retriable: false });
  });
});

describe("aborted records", () => {
  it("are not seen when three producers abort what they wrote in turns, from any offset (K2)", () => {
    assertCommittedOnly(tell(threeAbort));
  });

  it("are not seen after a record whose key looks like a marker (K3)", () => {
    assertCommittedOnly(tell(zeroKey));
  });

  it("are not seen, and committed ones all are, whatever producers do", () => {
    const step: fc.Arbitrary<Step> = fc.record({
      producer: fc.constantFrom(1n, 2n, 3n),
      does: fc.constantFrom(
        "send" as const,
        "send" as const,
        "abort" as const,
        "commit" as const,
        "send outside" as const,
      ),
      keys: fc.array(fc.constantFrom("k", null, Buffer.alloc(4)), { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        assertCommittedOnly(tell(steps));
      }),
    );
  });
});

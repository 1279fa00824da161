import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fromMillis } from "../../../src/core/model/time.ts";
import { type Found, readRecords } from "../../../src/edges/kafka/reader/records.ts";
import type { LogRecord } from "../../../src/runtime/ports.ts";
import {
  type BatchSpec,
  batch,
  type Step,
  type Story,
  sealed,
  tell,
  threeAbort,
  zeroKey,
} from "./batches.ts";

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
    assert.deepEqual(readRecords(emptied, 2024, []), { records: [], nextOffset: 2059, damagedAt: null });
  });

  it("leads on past records that the cleaner took from the end of a batch", () => {
    const found = readRecords(batch({ at: 0, records: [{ key: "a", value: "1" }], spans: 9 }), 0, []);
    assert.deepEqual([asTold(found.records), found.nextOffset], [[[0, "1"]], 9]);
  });

  it("leads on past markers", () => {
    assert.equal(readRecords(batch({ at: 4, producer: 1n, marker: "commit" }), 4, []).nextOffset, 5);
  });

  it("stays where it is when there is nothing", () => {
    assert.deepEqual(readRecords(Buffer.alloc(0), 17, []), {
      records: [],
      nextOffset: 17,
      damagedAt: null,
    });
  });
});

describe("a batch that cannot be read", () => {
  const one = (at: number, more: Partial<BatchSpec> = {}) =>
    batch({ at, records: [{ key: "a", value: `${at}` }], ...more });
  const notGzip = { codec: 1, body: Buffer.from("not gzip") };
  const told = (found: Found) => found.records.map((each) => each.unreadable ?? text(each.value));

  it("is one record at its last offset that says why, and its neighbours are as they were", () => {
    const broken = one(1, { spans: 3, packed: notGzip, firstMs: 7_000 });
    const found = readRecords(Buffer.concat([one(0), broken, one(4)]), 0, []);
    const [, unreadable] = found.records;
    assert.match(
      unreadable?.unreadable ?? "",
      /^offsets 1 to 3 cannot be read: a compressed batch .+ header/,
    );
    assert.deepEqual(
      { ...unreadable, unreadable: "" },
      { offset: 3, key: null, value: null, timestamp: fromMillis(7_000), headers: {}, unreadable: "" },
    );
    assert.deepEqual(asTold(found.records), [
      [0, "0"],
      [3, null],
      [4, "4"],
    ]);
    assert.equal(found.nextOffset, 5);
  });

  it("is told once to whoever reads on behind it", () => {
    const bytes = Buffer.concat([one(1, { spans: 3, packed: notGzip }), one(4)]);
    assert.equal(readRecords(bytes, 2, []).records.length, 2);
    assert.deepEqual(told(readRecords(bytes, 4, [])), ["4"]);
  });

  it("gives none of its records where one of them cannot be read", () => {
    const whole = batch({ at: 0, records: ["a", "b"].map((value) => ({ key: "k", value })) });
    whole.writeInt32BE(3, 57);
    assert.deepEqual(told(readRecords(sealed(whole), 0, [])), [
      "offsets 0 to 1 cannot be read: a record ends before its time",
    ]);
  });

  it("is not told of where it was aborted", () => {
    const broken = one(1, { packed: notGzip, producer: 1n });
    const bytes = Buffer.concat([broken, batch({ at: 2, producer: 1n, marker: "abort" }), one(3)]);
    assert.deepEqual(told(readRecords(bytes, 1, [{ producerId: 1n, firstOffset: 1 }])), ["3"]);
  });

  it("may be in a format of old", () => {
    const old = one(1);
    old.writeInt8(1, 16);
    const found = readRecords(Buffer.concat([one(0), old, one(2)]), 0, []);
    const why = "offset 1 cannot be read: its format is older than Kafka 0.11, and not read";
    assert.deepEqual(told(found), ["0", why, "2"]);
  });
});

describe("a batch that has arrived damaged", () => {
  const records = ["a", "b"].map((value) => ({ key: "k", value }));
  const damaged = batch({ at: 2, records });
  damaged.writeInt8(99, damaged.length - 3);
  const bytes = Buffer.concat([
    batch({ at: 0, records }),
    damaged,
    batch({ at: 4, records: [{ key: "k", value: "last" }] }),
  ]);
  const again = { damagedAt: 2, end: 5 };

  it("is to be fetched again, and what stands before it is given", () => {
    const found = readRecords(bytes, 0, []);
    assert.deepEqual([found.records.length, found.nextOffset, found.damagedAt], [2, 2, 2]);
  });

  it("again, is one record that says so, without a time; what follows is fetched anew", () => {
    const found = readRecords(bytes, 2, [], again);
    assert.deepEqual([found.nextOffset, found.damagedAt], [4, null]);
    const [only, ...others] = found.records;
    assert.deepEqual([only?.offset, only?.timestamp, others], [3, fromMillis(0), []]);
    assert.match(
      only?.unreadable ?? "",
      /^offsets 2 to 3 cannot be read: the batch is damaged: its checksum is [\da-f]{8} and should be [\da-f]{8}$/,
    );
  });

  it("leads on by the batch behind it, or by what its header says, as far as that can be", () => {
    const alone = Buffer.from(damaged);
    assert.equal(readRecords(alone, 2, [], again).nextOffset, 4);
    alone.writeInt32BE(1_000_000, 23);
    assert.equal(readRecords(alone, 2, [], again).nextOffset, 3);
    assert.equal(readRecords(alone, 3, [], again).nextOffset, 4);
    assert.equal(readRecords(Buffer.concat([alone, bytes.subarray(-70)]), 2, [], again).nextOffset, 3);
  });

  it("is noticed wherever a bit of what is sealed has turned", () => {
    const whole = batch({ at: 0, records });
    for (let at = 16; at < whole.length; at++) {
      const turned = Buffer.from(whole);
      turned.writeUInt8(turned.readUInt8(at) ^ 0x40, at);
      assert.equal(readRecords(turned, 0, []).damagedAt, 0, `byte ${at}`);
    }
  });

  it("is noticed where hardly anything of it is left", () => {
    const stump = Buffer.alloc(20);
    stump.writeInt32BE(8, 8);
    assert.equal(readRecords(stump, 0, []).damagedAt, 0);
    assert.equal(readRecords(stump, 0, [], { damagedAt: 0, end: 1 }).nextOffset, 1);
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

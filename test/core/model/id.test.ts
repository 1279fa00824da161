import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { deriveId, deriveTimeId, isUuid } from "../../../src/core/model/id.ts";

/** RFC 9562, by Node's own SHA-1. */
function uuid5(space: string, name: string): string {
  const input = Buffer.concat([Buffer.from(space.replaceAll("-", ""), "hex"), Buffer.from(name)]);
  const hash = createHash("sha1").update(input).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const parts = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.constant(null)));

describe("derived ids", () => {
  it("are UUIDv5 of their parts in the namespace of Tripline", () => {
    fc.assert(
      fc.property(parts, (some) => {
        assert.equal(deriveId(...some), uuid5("6f1c2d3e-5b7a-4c9d-8e21-3a4b5c6d7e8f", JSON.stringify(some)));
      }),
    );
  });

  it("do not run into each other where their parts do", () => {
    assert.notEqual(deriveId("a", "bc"), deriveId("ab", "c"));
    assert.notEqual(deriveId("1"), deriveId(1));
  });

  it("of a time are UUIDv7, which sort by it", () => {
    const [early, late] = [deriveTimeId(1_000_000_000_000, "z"), deriveTimeId(1_000_000_000_001, "a")];
    assert(isUuid(early) && early[14] === "7" && early < late);
    assert.equal(Number.parseInt(early.slice(0, 8) + early.slice(9, 13), 16), 1_000_000_000_000);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bucketKey, splitBucketKey } from "../../../src/core/model/match.ts";

describe("the key of a bucket", () => {
  const keys = fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "[]", '["a"]', "a|b")));

  it("gives back the trigger and the values it was made of, whatever they are", () => {
    fc.assert(
      fc.property(keys, (key) => {
        assert.deepEqual(splitBucketKey(bucketKey("t1", key)), { triggerId: "t1", key });
      }),
    );
  });

  it("is a different one for different values", () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const areEqual = JSON.stringify(a) === JSON.stringify(b);
        assert.equal(bucketKey("t1", a) === bucketKey("t1", b), areEqual);
      }),
    );
  });
});

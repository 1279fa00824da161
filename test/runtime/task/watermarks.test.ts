import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { instant } from "../../../src/core/model/time.ts";
import { Watermarks } from "../../../src/runtime/task/watermarks.ts";

describe("the watermark of a task among three", () => {
  it("is held back by whoever has said nothing yet", () => {
    const watermarks = new Watermarks(0, 3);
    watermarks.hear("matches", 1, instant(50));
    assert.equal(watermarks.least("matches", instant(100)), 0);
    assert.equal(watermarks.heldBy("matches", instant(100)), 2);
  });

  it("is the least of what all have said, its own time included", () => {
    const watermarks = new Watermarks(0, 3);
    watermarks.hear("matches", 1, instant(50));
    watermarks.hear("matches", 2, instant(70));
    assert.equal(watermarks.least("matches", instant(100)), 50);
    assert.equal(watermarks.least("matches", instant(30)), 30);
  });

  it("never goes back, in whatever order announcements are repeated", () => {
    const watermarks = new Watermarks(0, 2);
    watermarks.hear("matches", 1, instant(50));
    watermarks.hear("matches", 1, instant(40));
    assert.equal(watermarks.least("matches", instant(100)), 50);
  });

  it("is each topic's own", () => {
    const watermarks = new Watermarks(0, 2);
    watermarks.hear("matches", 1, instant(50));
    assert.equal(watermarks.least("child-firings", instant(100)), 0);
  });

  it("of the only task is its own time", () => {
    assert.equal(new Watermarks(0, 1).least("matches", instant(100)), 100);
  });
});

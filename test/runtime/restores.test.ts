import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Restores } from "../../src/runtime/restores.ts";

function restores() {
  const lines: string[] = [];
  const clock = { nowMs: 5_000 };
  const told = new Restores("evaluator", { now: () => clock.nowMs }, (line) => lines.push(line));
  return { told, lines, clock };
}

describe("the progress of restores", () => {
  it("is told once a second at most, and when it is over", () => {
    const { told, lines, clock } = restores();
    const restore = told.begin(3, 4_000);
    for (let read = 100; read <= 4_000; read += 100) {
      clock.nowMs += 60;
      restore.noted(read);
    }
    restore.done();
    assert.deepEqual(lines, [
      "evaluator: restoring partition 3, 1,700 of 4,000 offsets read",
      "evaluator: restoring partition 3, 3,400 of 4,000 offsets read",
      "evaluator: partition 3 restored, 4,000 offsets read",
    ]);
  });

  it("is told for all tasks together", () => {
    const { told, lines, clock } = restores();
    const both = [told.begin(0, 1_000), told.begin(1, 2_000)];
    clock.nowMs += 1_000;
    for (const restore of both) restore.noted(500);
    for (const restore of both) restore.done();
    assert.deepEqual(lines, [
      "evaluator: restoring 2 partitions, 500 of 3,000 offsets read",
      "evaluator: 2 partitions restored, 3,000 offsets read",
    ]);
  });

  it("is not told of one that was broken off as if it had come to its end", () => {
    const { told, lines } = restores();
    told.begin(0, 1_000).dropped();
    const whole = told.begin(0, 1_000);
    whole.done();
    whole.dropped();
    assert.deepEqual(lines, ["evaluator: partition 0 restored, 1,000 offsets read"]);
  });

  it("is nothing to tell where there is nothing to restore", () => {
    const { told, lines } = restores();
    told.begin(0, 0).done();
    assert.deepEqual(lines, []);
  });
});

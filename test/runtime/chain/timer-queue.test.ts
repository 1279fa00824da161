import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { instant } from "../../../src/core/model/time.ts";
import { TimerQueue } from "../../../src/runtime/chain/timer-queue.ts";

describe("a queue of timers", () => {
  it("gives what is due first, while others come and go", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 }))), (moves) => {
        const queue = new TimerQueue<string>();
        let model: number[] = [];
        for (const due of moves) {
          if (due === null) {
            assert.equal(queue.pop(), model[0] === undefined ? null : `due ${model[0]}`);
            model = model.slice(1);
          } else {
            queue.push(instant(due), `due ${due}`);
            model = [...model, due].toSorted((a, b) => a - b);
          }
          assert.equal(queue.peekDue(), model[0] ?? null);
          assert.equal(queue.size, model.length);
        }
      }),
    );
  });
});

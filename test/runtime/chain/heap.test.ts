import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Heap } from "../../../src/runtime/chain/heap.ts";

describe("a heap", () => {
  it("gives back what was put in, least first, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap<number>((a, b) => a < b);
        for (const number of numbers) heap.push(number);
        const taken = Array.from(numbers, () => heap.pop());
        assert.deepEqual(
          taken,
          numbers.toSorted((a, b) => a - b),
        );
        assert.equal(heap.pop(), null);
      }),
    );
  });

  it("keeps its order while items come and go", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer())), (moves) => {
        const heap = new Heap<number>((a, b) => a < b);
        let model: number[] = [];
        for (const move of moves) {
          if (move === null) {
            assert.equal(heap.pop(), model[0] ?? null);
            model = model.slice(1);
          } else {
            heap.push(move);
            model = [...model, move].toSorted((a, b) => a - b);
          }
          assert.equal(heap.peek(), model[0] ?? null);
        }
      }),
    );
  });
});

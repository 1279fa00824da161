/** Members of one process share partition numbers so that no number is ever held by two. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Groups } from "../../../src/edges/sqlite/groups.ts";
import type { Member } from "../../../src/runtime/ports.ts";

const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Holds what it was told from the call on, and what it had until it has let go, a turn later. */
class Holder implements Member {
  held = new Set<number>();
  failures: Error[] = [];
  async assigned(partitions: readonly number[]): Promise<void> {
    for (const number of partitions) this.held.add(number);
    await turns(1);
    this.held = new Set(partitions);
  }
  failed(error: Error): void {
    this.failures.push(error);
  }
}

describe("a group within the process", () => {
  it("gives every number to exactly one member in the end, and to no two at any time, whoever comes and goes", async () => {
    const step = fc.oneof(fc.constant("join"), fc.nat(5), fc.constant("wait"));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.array(step, { maxLength: 12 }),
        async (count, steps) => {
          const groups = new Groups();
          const here: { holder: Holder; leave: () => Promise<void> }[] = [];
          const holders: Holder[] = [];
          const look = (): void => {
            const held = holders.flatMap((holder) => [...holder.held]);
            assert.equal(new Set(held).size, held.length, "held by two");
          };
          const watched = (): Holder => {
            const holder = new Holder();
            const assigned = holder.assigned.bind(holder);
            holder.assigned = async (numbers) => {
              const done = assigned(numbers);
              look();
              return done;
            };
            holders.push(holder);
            return holder;
          };
          const join = (): void => {
            const holder = watched();
            const membership = groups.join("g", count, holder);
            here.push({ holder, leave: () => membership.leave() });
          };
          join();
          for (const what of steps) {
            if (what === "join") join();
            else if (what === "wait") await turns(1);
            else if (here.length > 1) await here.splice(what % here.length, 1)[0]?.leave();
            look();
          }
          await turns(60);
          const held = here.flatMap(({ holder }) => [...holder.held]).sort((a, b) => a - b);
          assert.deepEqual(
            held,
            Array.from({ length: count }, (_, number) => number),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it("tells a member that there is nothing for it", async () => {
    const groups = new Groups();
    const told: (readonly number[])[] = [];
    groups.join("g", 1, new Holder());
    groups.join("g", 1, { assigned: async (numbers) => void told.push(numbers), failed: assert.fail });
    await turns();
    assert.deepEqual(told, [[]]);
  });

  it("goes on without a member that fails to let go", async () => {
    const groups = new Groups();
    const failures: string[] = [];
    groups.join("g", 2, {
      assigned: async (numbers) => {
        if (numbers.length < 2) throw new Error("stuck");
      },
      failed: (error) => void failures.push(error.message),
    });
    const other = new Holder();
    groups.join("g", 2, other);
    await turns();
    assert.deepEqual([failures, [...other.held]], [["stuck"], [0, 1]]);
  });

  it("refuses a member that counts otherwise", () => {
    const groups = new Groups();
    groups.join("g", 2, new Holder());
    assert.throws(() => groups.join("g", 3, new Holder()), /the group g shares 2 partitions, not 3/);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Instant, instant, minutes, plus } from "../../../src/core/model/time.ts";
import type { Change } from "../../../src/runtime/chain/chain.ts";
import { TakenIds } from "../../../src/runtime/task/taken-ids.ts";
import { topology, wire } from "../../support/evaluators.ts";

const start = instant(1_772_355_600_000_000);
const changelog = topology.roles["evaluator"]?.changelog ?? "";
const idOf = (number: number): string => `3f0f1d1e-0d3c-4f5e-9a55-${number.toString(16).padStart(12, "0")}`;

/** A changelog that keeps the newest of each key, in the order written, through the real codec. */
class Changelog {
  readonly #kept = new Map<string, Change>();
  readonly written: Change[] = [];

  write(changes: readonly Change[]): void {
    for (const change of changes) {
      this.written.push(change);
      this.#kept.delete(change.key);
      if (change.entry !== null) this.#kept.set(change.key, change);
    }
  }

  get keys(): readonly string[] {
    return [...this.#kept.keys()];
  }

  /** What whoever reads it is told, compacted or not. */
  readInto(ids: TakenIds, changes: Iterable<Change> = this.#kept.values()): (readonly [string, Instant])[] {
    for (const change of changes) {
      const record = wire.encodeChange(changelog, 0, change);
      const { key, entry } = wire.decodeChange({ ...record, offset: 0, timestamp: start });
      ids.restore(key, entry);
    }
    return Array.from(ids.takeRestored(), ({ id, received }) => [id, received] as const);
  }
}

function taken(commits: readonly number[], capacity?: number) {
  const ids = new TakenIds(capacity);
  const log = new Changelog();
  const added: (readonly [string, Instant])[] = [];
  for (const count of commits) {
    for (let i = 0; i < count; i++) {
      const received = plus(start, minutes(added.length / 1000));
      added.push([idOf(added.length), received]);
      ids.add(idOf(added.length - 1), received);
    }
    log.write(ids.takeChanges());
  }
  return { ids, log, added };
}

describe("the ids of taken events in the changelog", () => {
  it("are read back as they were taken, however the commits fell and whether or not it was compacted", () => {
    const commits = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(commits, (counts) => {
        const { ids, log, added } = taken(counts);
        const restored = new TakenIds();
        assert.deepEqual(log.readInto(restored), added);
        const following = new TakenIds();
        const told = log.written.flatMap((change) => log.readInto(following, [change]));
        assert.deepEqual(told, added);
        assert.deepEqual(log.readInto(new TakenIds(), log.written), added);
        assert.equal(restored.size, ids.size);
      }),
    );
  });

  it("cost a commit no more than what is new and one block that is not full", () => {
    const { log } = taken(Array.from({ length: 1000 }, () => 1));
    const bytes = log.written.map((change) => wire.encodeChange(changelog, 0, change).value?.length ?? 0);
    assert(Math.max(...bytes) < 128 * 22, `${Math.max(...bytes)} bytes`);
    assert.equal(log.keys.length, 8);
  });

  it("are no more than a task remembers, and one block; how far back they reach is told", () => {
    const { ids, log, added } = taken(
      Array.from({ length: 50 }, () => 200),
      1000,
    );
    assert.equal(ids.size, 1000);
    const restored = new TakenIds(1000);
    const told = log.readInto(restored);
    assert.deepEqual(told, added.slice(-1000));
    assert.equal(restored.reachesBackTo, told[0]?.[1]);
    assert.equal(taken([200]).ids.reachesBackTo, 0);
  });

  it("are forgotten when they are too old to tell a repeat by", () => {
    const ids = new TakenIds();
    const log = new Changelog();
    for (let i = 0; i < 128; i++) ids.add(idOf(i), start);
    log.write(ids.takeChanges());
    ids.add(idOf(128), plus(start, minutes(31)));
    log.write(ids.takeChanges());
    const told = log.readInto(new TakenIds());
    assert.deepEqual(told, [[idOf(128), plus(start, minutes(31))]]);
  });

  it("go on in a block of their own after a restore", () => {
    const { log, added } = taken([3]);
    const successor = new TakenIds();
    log.readInto(successor);
    successor.add(idOf(3), plus(start, minutes(1)));
    log.write(successor.takeChanges());
    assert.deepEqual(log.readInto(new TakenIds()), [...added, [idOf(3), plus(start, minutes(1))]]);
  });
});

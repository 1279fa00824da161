import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { instant } from "../../src/core/model/time.ts";
import { Packer } from "../../src/runtime/packed-entry.ts";
import { type Codec, Unreadable } from "../../src/runtime/ports.ts";

/** Knows one schema, and counts what it was asked. */
class Counting implements Codec<unknown> {
  asked = 0;

  encode(value: unknown) {
    return { value: new TextEncoder().encode(`schema-one:${JSON.stringify(value)}`), headers: {} };
  }

  decode({ value }: { readonly value: Uint8Array }): unknown {
    this.asked += 1;
    const text = new TextDecoder().decode(value);
    if (!text.startsWith("schema-one:")) throw new Unreadable("another schema");
    return JSON.parse(text.slice(11));
  }
}

const entryOf = (state: Uint8Array) => ({ wakeAt: instant(7), gathers: true, state });

describe("entries packed as they come from the changelog", () => {
  it("give back what was written, once they are asked", () => {
    const codec = new Counting();
    const packer = new Packer(codec);
    const entries = ["ä", "日本", "\u0000ÿ"].map((text) =>
      packer.pack(entryOf(codec.encode({ text }).value)),
    );
    assert.equal(codec.asked, 1);
    assert.deepEqual(
      entries.map(({ state, wakeAt, gathers }) => [state, wakeAt, gathers]),
      [
        [{ text: "ä" }, 7, true],
        [{ text: "日本" }, 7, true],
        [{ text: "\u0000ÿ" }, 7, true],
      ],
    );
    assert.equal(entries[0]?.state, entries[0]?.state);
  });

  it("keep nothing of the bytes they were read from", () => {
    const codec = new Counting();
    const bytes = codec.encode({ text: "a" }).value;
    const entry = new Packer(codec).pack(entryOf(bytes));
    bytes.fill(0);
    assert.deepEqual(entry.state, { text: "a" });
  });

  it("are refused at once where nobody here knows their schema, whatever came before", () => {
    const codec = new Counting();
    const packer = new Packer(codec);
    packer.pack(entryOf(codec.encode(1).value));
    const foreign = new TextEncoder().encode("schema-two:1");
    assert.throws(() => packer.pack(entryOf(foreign)), Unreadable);
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { prefectFile } from "../../src/define/define.ts";

describe("the README", () => {
  it("begins with a file that can be deployed as it stands", () => {
    const text = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
    const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
    const read = prefectFile(yaml, { all: true });
    assert(read.ok, JSON.stringify(read));
    assert.equal(read.value[0]?.triggers.length, 1);
  });
});

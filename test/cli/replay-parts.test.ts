/** What replay is made of on the command line: long files by blocks, a bar on a terminal, tables that run, variables. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { blocksOf } from "../../src/cli/commands/replay/lines.ts";
import { Progress } from "../../src/cli/commands/replay/progress.ts";
import { RunningTable } from "../../src/cli/commands/replay/telling.ts";
import { openGround } from "../../src/cli/ground.ts";
import { readSettings } from "../../src/cli/settings.ts";
import { readVariables } from "../../src/cli/variables.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "tripline-parts-"));
});
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function linesOf(text: string): Promise<readonly (string | null)[]> {
  const lines: (string | null)[] = [];
  let bytes = 0;
  for await (const block of blocksOf(file("lines", text))) {
    bytes += block.bytes;
    for (const line of block.lines) {
      assert.equal(line.number, lines.length + 1);
      lines.push(line.text);
    }
  }
  assert.equal(bytes, Buffer.byteLength(text));
  return lines;
}

describe("a long file", () => {
  it("is read line by line wherever its blocks end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[^\n\ud800-\udfff]*$/u), { maxLength: 20 }),
        fc.integer({ min: 1, max: 30_000 }),
        async (texts, repeated) => {
          const lines = texts.map((text) => text.repeat(repeated));
          assert.deepEqual(await linesOf(lines.map((line) => `${line}\n`).join("")), lines);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("may end without a newline, and may have a line that is longer than any event", async () => {
    assert.deepEqual(await linesOf("a\nb"), ["a", "b"]);
    assert.deepEqual(await linesOf(`a\n${"x".repeat(8_000_001)}\nb`), ["a", null, "b"]);
  });
});

describe("progress", () => {
  const drawn = (size: number): readonly string[] => {
    const texts: string[] = [];
    let ms = 0;
    const screen = { columns: 100, write: (text: string) => texts.push(text), now: () => ms };
    const progress = new Progress(screen, size);
    for (let i = 0; i < 4; i++) {
      ms += 60;
      progress.add({ bytes: 1_000_000, events: 6000 });
    }
    progress.clear();
    return texts;
  };

  it("is drawn over itself, not too often, and cleared in the end", () => {
    assert.deepEqual(drawn(4_000_000), [
      "\r\u001b[K[########----------------------] 25 %  1.0 of 4.0 MB  100,000 events/s",
      "\r\u001b[K[#######################-------] 75 %  3.0 of 4.0 MB  100,000 events/s",
      "\r\u001b[K",
    ]);
  });

  it("is not drawn for a file that is read at once, nor where nobody looks", () => {
    assert.deepEqual(drawn(900_000), []);
    new Progress(null, 4_000_000).add({ bytes: 1, events: 1 });
  });
});

describe("a table that runs", () => {
  it("has its heading once, and the widths of its first rows", () => {
    const printed: string[] = [];
    const rows = new RunningTable((text) => printed.push(text));
    const row = (name: string): string[] => ["t", name, "", "", "", "", "", "{}"];
    rows.add(Array.from({ length: 500 }, () => row("long enough")));
    rows.add([row("b")]);
    rows.flush();
    const lines = printed.join("\n").split("\n");
    assert.equal(lines.length, 502);
    assert.equal(lines.filter((line) => line.startsWith("WHEN")).length, 1);
    assert.equal(lines[1]?.indexOf("{}"), lines[501]?.indexOf("{}"));
  });
});

describe("workspace variables", () => {
  it("come from a JSON object as it stands, or from a JSON or YAML file", async () => {
    const expected = { depot: "north", limits: [1, { a: null }] };
    const json = JSON.stringify(expected);
    assert.deepEqual(await readVariables(json), expected);
    assert.deepEqual(await readVariables(file("v.json", json)), expected);
    const yaml = file("v.yaml", "depot: north\nlimits: [1, { a: null }]\n");
    assert.deepEqual(await readVariables(yaml), expected);
    assert.deepEqual(await readVariables(null), {});
  });

  it("are told to be wrong with their place", async () => {
    const list = file("list.json", "[1]");
    await assert.rejects(readVariables(list), {
      message: `TRIPLINE_VARIABLES: ${list}: expected a mapping; found a list`,
    });
    await assert.rejects(readVariables("{a: [}"), { message: /^TRIPLINE_VARIABLES: line 1: / });
    await assert.rejects(readVariables("none.json"), {
      message: "TRIPLINE_VARIABLES: none.json: there is no such file",
    });
  });

  it("are what evaluators render templates with", async () => {
    const read = readSettings({ TRIPLINE_DATA: folder, TRIPLINE_VARIABLES: '{"depot": "north"}' });
    assert.ok(read.ok);
    const ground = await openGround(read.value, () => {});
    const { variables } = ground.tables.current();
    await ground.close();
    assert.deepEqual(variables, { depot: "north" });
  });
});

/** docs/replay.md shows what replay really prints. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { tripline } from "./gateway-at-hand.ts";

const text = readFileSync(join(import.meta.dirname, "../../docs/replay.md"), "utf8");

/** The blocks of a language, in order. */
const blocks = (language: string): readonly string[] =>
  Array.from(text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, "gms")), ([, body = ""]) => body);

describe("the example of docs/replay.md", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tripline-docs-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const shown = blocks("text");
  blocks("sh").forEach((line, i) => {
    it(`prints what it shows: ${line}`, async () => {
      const names: Record<string, string> = { "orders.yaml": "yaml", "events.jsonl": "jsonl" };
      const argv = line
        .split(" ")
        .slice(1)
        .map((word) => {
          const language = names[word];
          if (language === undefined) return word;
          const path = join(folder, word);
          writeFileSync(path, blocks(language)[0] ?? "");
          return path;
        });
      const said = await tripline(argv);
      assert.deepEqual(said.failed, []);
      assert.equal(said.printed.join("\n"), shown[i]);
    });
  });
});

/** Every story of this folder: on the core, on one task, and on four. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readStory } from "./story-reader.ts";
import { differences, tellCore, tellTasks } from "./story-run.ts";

const files = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".story.yaml"))
  .toSorted();

describe("the stories", () => {
  for (const file of files) {
    it(file.replace(/\.story\.yaml$/, ""), async () => {
      const story = readStory(readFileSync(join(import.meta.dirname, file), "utf8"), file);
      assert.deepEqual(differences(story, tellCore(story)), [], "on the core");
      const one = await tellTasks(story, 1);
      assert.deepEqual(differences(story, one.runs), [], "on one task");
      const four = await tellTasks(story, 4);
      assert.deepEqual(differences(story, four.runs), [], "on four tasks");
      assert.deepEqual(four.firings, one.firings, "on four tasks as on one");
    });
  }
});

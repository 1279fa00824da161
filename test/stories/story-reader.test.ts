import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readStory, StoryFaults } from "./story-reader.ts";
import { differences, tellCore } from "./story-run.ts";

const told = (lines: string): string =>
  `story: of a test\nautomation: { expect: [beat], for_each: [prefect.resource.id], run: note }\n${lines}`;

const faultsOf = (text: string): string => {
  try {
    readStory(text, "a.story.yaml");
    return "";
  } catch (error) {
    assert(error instanceof StoryFaults);
    return error.message;
  }
};

describe("a story", () => {
  it("says what happened although it is not told, and what is told but did not happen, each at its line", () => {
    const text = told(
      "told:\n  - 09:00 host.a beat\nthen:\n  - 09:00 run note for host.b\n  - 09:00 run else for host.a",
    );
    const story = readStory(text, "a.story.yaml");
    const [first, second, third, ...others] = differences(story, tellCore(story));
    assert.equal(first, "a.story.yaml:6: did not happen: 09:00 run note for host.b");
    assert.equal(second, "a.story.yaml:7: did not happen: 09:00 run else for host.a");
    assert.match(third ?? "", /^a\.story\.yaml:6: happened, and is not told: .*host\.a/);
    assert.deepEqual(others, []);
  });

  it("compares the paying event, the delay and the parameters where they are told", () => {
    const one = (then: string): readonly string[] => {
      const run = "{ deployment: note, schedule_after: 60, parameters: { n: '{{ event.payload.n }}' } }";
      const text = `story: one\nautomation: { expect: [beat], run: ${run} }\ntold:\n  - 09:00 a beat: { payload: { n: 3 } }\nthen:\n  - ${then}\n`;
      const story = readStory(text, "a.story.yaml");
      return differences(story, tellCore(story));
    };
    assert.deepEqual(one("09:00 run note (by beat at 09:00) (after PT1M): { n: 3 }"), []);
    for (const wrong of [
      "09:00 run note (by nothing)",
      "09:00 run note (after PT2M)",
      "09:00 run note: { n: '3' }",
    ]) {
      assert.equal(one(wrong).length, 2, wrong);
    }
  });

  it("names every fault by file and line", () => {
    const text = told(
      "thn: []\ntold:\n  - 09:00 host.a\n  - 09:00 host.a beat: { colour: red }\n  - 08:00 silence\n  - 10:00 disable other\nthen:\n  - 09:00 starts note",
    );
    const faults = faultsOf(text).split("\n");
    assert.deepEqual(
      faults.map((fault) => fault.replace(/;.*/, "")),
      [
        "a.story.yaml:3: 'thn' is not known here",
        "a.story.yaml:5: not understood: '09:00 host.a'",
        "a.story.yaml:6: 'colour' is not known here",
        "a.story.yaml:8: no automation is called 'other'",
        "a.story.yaml:10: not understood: '09:00 starts note'",
        "a.story.yaml:7: told before what was told before it",
      ],
    );
  });

  it("refuses keys of automations that mean nothing", () => {
    const text =
      "story: one\nautomation:\n  { expects: [beat], run: note }\ntold:\n  - 09:00 silence\nthen: []\n";
    assert.match(faultsOf(text), /^a\.story\.yaml:3: 'expects' is not known here; known are .*expect/);
    assert.match(
      faultsOf(text.replace("run: note", "running: note")),
      /should say which deployment to `run`/,
    );
  });
});

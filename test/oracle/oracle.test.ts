/** Every timeline of conformance/, with the answers of Prefect's own rules where semantics.md does not mend them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readCases } from "./case.ts";
import { differences } from "./compare.ts";
import { replay } from "./replay.ts";

for (const [file, cases] of readCases()) {
  describe(`the timelines of ${file}`, () => {
    for (const one of cases) {
      it(one.name, () => assert.deepEqual(differences(one, replay(one)), []));
    }
  });
}

/** A conformance case, answered as `tripline replay --cases` answers it (FORMAT.md). */
import { type Answer, answerCase } from "../../src/cli/commands/replay/cases.ts";
import type { Case } from "./case.ts";

export type { Answer } from "../../src/cli/commands/replay/cases.ts";

export const replay = (one: Case): Answer => answerCase(one.given);

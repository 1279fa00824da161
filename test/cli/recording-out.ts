/** An Out that remembers what was said. */
import type { Out } from "../../src/cli/out.ts";

export interface Said {
  printed: string[];
  noted: string[];
  failed: string[];
  /** The exit code. */
  code: number;
}

export function recordingOut(): { readonly out: Out; readonly said: Said } {
  const said: Said = { printed: [], noted: [], failed: [], code: 0 };
  const out: Out = {
    print: (text) => said.printed.push(text),
    note: (text) => said.noted.push(text),
    fail: (message, code = 1) => {
      said.failed.push(message);
      said.code = code;
    },
  };
  return { out, said };
}

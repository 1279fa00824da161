/** Lets the events pass that no trigger wants: all that comes of them is that time goes on and their ids are known. */
import type { AutomationTable } from "../../core/model/automation-table.ts";
import { DEFAULT_LIMITS } from "../../core/model/event-reader.ts";
import type { Instant } from "../../core/model/time.ts";
import type { Chain } from "../chain/chain.ts";
import { idOfUnwanted } from "./event-scan.ts";
import { interestsOf } from "./interests.ts";
import { Names } from "./names.ts";

export class Passing {
  readonly #chain: Pick<Chain, "advanceOwn" | "remember">;
  #table: AutomationTable | null = null;
  #names = new Names({ inName: () => true, inStates: true });

  constructor(chain: Pick<Chain, "advanceOwn" | "remember">) {
    this.#chain = chain;
  }

  /** Does for an event that nobody wants what taking it would do; its id, or null where it has to be read and taken. */
  pass(bytes: Uint8Array | null, received: Instant, table: AutomationTable | undefined): string | null {
    if (bytes === null || table === undefined || bytes.length > DEFAULT_LIMITS.bytesMax) return null;
    const id = idOfUnwanted(bytes, this.#namesFor(table));
    if (id === null) return null;
    this.#chain.advanceOwn(received);
    // Not remembered is the id of one that is kept, or that somebody waits for: that one has to be taken.
    return this.#chain.remember(id, received) ? id : null;
  }

  #namesFor(table: AutomationTable): Names {
    if (table !== this.#table) {
      this.#table = table;
      this.#names = new Names(interestsOf(table));
    }
    return this.#names;
  }
}

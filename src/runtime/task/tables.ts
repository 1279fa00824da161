/** The tables that tasks decide by: those of the process, which reads them for all its tasks. */
import type { Tables } from "../chain/chain.ts";

/** The tables as they are now. */
export interface CurrentTables extends Tables {
  /** Tells when they have changed. */
  readonly version: number;
  /** The offset up to which the automations were read, not included: their revisions are offsets. */
  readonly reach: number;
}

export interface TableSource {
  readonly current: () => CurrentTables;
  /** Resolves when the automations are read past this offset. */
  readonly reached: (offset: number) => Promise<void>;
}

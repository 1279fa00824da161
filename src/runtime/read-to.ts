/** Reading one partition from an offset to another: restores and tables begin with it. */
import { type Log, LogError, type LogRecord, type Position } from "./ports.ts";

export interface Reading {
  readonly from: Position;
  /** Not included. */
  readonly end: number;
  readonly take: (record: LogRecord) => void;
  /** Looked at between polls: whoever is told to stop does not read on. */
  readonly isStopping?: () => boolean;
  /** Told after every poll how far it has come. */
  readonly noted?: (next: number) => void;
}

/**
 * Reads the records of a partition from an offset on, up to but not including `end`. It is done when the next offset
 * reaches the end, empty batches and control records counted: an empty fetch alone does not mean the end (K1).
 */
export async function readTo(log: Log, { from, end, take, isStopping, noted }: Reading): Promise<void> {
  if (from.offset >= end) return;
  const reader = await log.openReader([from]);
  try {
    for (let next = from.offset; next < end; ) {
      if (isStopping?.() === true) throw new LogError("told to stop while reading", { retriable: true });
      const batches = await reader.poll(500);
      const records = batches.flatMap((batch) => batch.records).filter(({ offset }) => offset < end);
      for (const record of records) take(record);
      next = Math.max(next, ...batches.map((batch) => batch.nextOffset));
      noted?.(next);
    }
  } finally {
    await reader.close();
  }
}

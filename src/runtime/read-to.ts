/** Reading one partition from an offset to another: restores and tables begin with it. */
import type { Log, LogRecord, Position } from "./ports.ts";

/**
 * Reads the records of a partition from an offset on, up to but not including `end`. It is done when the next offset
 * reaches the end, empty batches and control records counted: an empty fetch alone does not mean the end (K1).
 */
export async function readTo(
  log: Log,
  from: Position,
  end: number,
  take: (record: LogRecord) => void,
): Promise<void> {
  if (from.offset >= end) return;
  const reader = await log.openReader([from]);
  try {
    for (let next = from.offset; next < end; ) {
      const batches = await reader.poll(500);
      const records = batches.flatMap((batch) => batch.records).filter(({ offset }) => offset < end);
      for (const record of records) take(record);
      next = Math.max(next, ...batches.map((batch) => batch.nextOffset));
    }
  } finally {
    await reader.close();
  }
}

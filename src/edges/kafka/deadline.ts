/**
 * Nothing is waited for without end. kafkajs looks after its requests by the wall clock, tries each for minutes on end, and
 * forgets some of them when a connection goes; so every wait has a deadline here, by a clock that only goes forward.
 */
import { LogError } from "../../runtime/ports.ts";

/** How long an operation may take until its outcome is in doubt; the broker ends transactions of its own accord before. */
export const PATIENCE_MS = 20_000;

/** The outcome of the work, or a LogError after so long. The work is left to itself then: whoever began it ends it. */
export async function within<Told>(ms: number, doing: string, work: Promise<Told>): Promise<Told> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const tell = () => reject(new LogError(`${doing}: no answer within ${ms} ms`, { retriable: true }));
    timer = setTimeout(tell, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

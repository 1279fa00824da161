/** Waiting for the automations that another task knows already: as long as it takes to read them, and no longer. */
import { LogError, type Ticker } from "../ports.ts";

const WITHIN_MS = 30_000;
const NAP_MS = 500;

interface Waiting {
  readonly ticker: Ticker;
  readonly tables: { readonly reached: (offset: number) => Promise<void> };
}

/** Resolves when they are read past this offset; throws LogError when that takes too long, or the task is told to stop. */
export async function readInTime(
  { ticker, tables }: Waiting,
  offset: number,
  stopped: Promise<void>,
): Promise<void> {
  const latest = ticker.now() + WITHIN_MS;
  const refuse = (why: string): never => {
    throw new LogError(`the automations are needed up to offset ${offset}: ${why}`, { retriable: true });
  };
  const isRead = tables.reached(offset).then(() => true);
  const isStopping = stopped.then(() => refuse("told to stop while they were read"));
  while (!(await Promise.race([isRead, isStopping, ticker.sleep(NAP_MS).then(() => false)]))) {
    if (ticker.now() > latest) refuse("they have not been read so far for half a minute");
  }
}

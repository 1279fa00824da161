/** Reading a task's state back: from its changelog, and from the tail of its input the ids it has taken. */
import { type Instant, instant } from "../../core/model/time.ts";
import type { Chain } from "../chain/chain.ts";
import { type Log, type LogRecord, type Position, Unreadable } from "../ports.ts";
import { readTo } from "../read-to.ts";
import type { Wire } from "../wire.ts";

/** Where the last commit stood: it is written in the same transaction as the state. */
export interface Positions {
  /** By topic, the offset to read on from. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly streamTime: Instant;
  /** By table, the offset up to which it was read, not included. */
  readonly tables: Readonly<Record<string, number>>;
}

/** The store under which positions stand in the changelog. */
export const POSITIONS = "positions";
const NOWHERE: Positions = { inputs: {}, streamTime: instant(0), tables: {} };

/** How many records back ids are read again: as many as a task remembers. */
const REMEMBERED = 100_000;

interface Restored {
  readonly log: Log;
  readonly wire: Wire;
  readonly partition: number;
  readonly chain: Chain;
  readonly isStopping: () => boolean;
}

/**
 * Reads the changelog to its end into the chain. Only to be called by the task's one writer, after it was opened:
 * from then on nobody else can append to it (design.md, section 2).
 */
export async function restoreState(task: Restored & { readonly changelog: string }): Promise<Positions> {
  const { log, wire, partition, chain, changelog, isStopping } = task;
  const topic = wire.nameOf(changelog);
  const end = await log.end(topic, partition);
  const offset = await log.start(topic, partition);
  let positions = NOWHERE;
  const take = (record: LogRecord): void => {
    const { store, key, entry } = wire.decodeChange(record);
    if (store === POSITIONS) positions = isPositions(entry?.state) ? entry.state : NOWHERE;
    else chain.restore(store, key, entry);
  };
  await readTo(log, { from: { topic, partition, offset }, end, take, isStopping });
  return positions;
}

/**
 * The ids by which duplicates are told are not in the changelog: the tail of the events before the position tells
 * them once more. Returns the `received` of the last of them.
 */
export async function restoreIds(task: Restored, events: string, until: number): Promise<Instant> {
  const { log, wire, partition, chain, isStopping } = task;
  const topic = wire.nameOf(events);
  const start = await log.start(topic, partition);
  const offset = Math.max(start, until - REMEMBERED);
  let last = instant(0);
  const take = (record: LogRecord): void => {
    try {
      const event = wire.decodeEvent({ topic: events, partition }, record, last);
      if (last === 0 && offset > start) chain.seen.startFrom(event.received);
      last = event.received;
      chain.remember(event.id, event.received);
    } catch (error) {
      // It was rejected when it was read the first time.
      if (!(error instanceof Unreadable)) throw error;
    }
  };
  await readTo(log, { from: { topic, partition, offset }, end: until, take, isStopping });
  return last;
}

/** Where the last commit stood; where records were deleted meanwhile, the first that is left, and that is told. */
export async function startingPoint(
  task: Pick<Restored, "log" | "wire" | "partition"> & { readonly report: (problem: string) => void },
  name: string,
  position: number | null,
): Promise<Position> {
  const { log, wire, partition, report } = task;
  const topic = wire.nameOf(name);
  const start = await log.start(topic, partition);
  if (position === null || position >= start) return { topic, partition, offset: position ?? start };
  report(
    `${topic}, partition ${partition}: offsets ${position} to ${start - 1} were deleted before they were read; ` +
      "keep this topic longer than its evaluators may be away",
  );
  return { topic, partition, offset: start };
}

const isPositions = (state: unknown): state is Positions =>
  typeof state === "object" && state !== null && "inputs" in state && "streamTime" in state;

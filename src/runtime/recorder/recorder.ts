/**
 * The historian's loop: reads the partitions it is given from where history ends, and has their blocks kept, each
 * exactly once: it goes on after the last row kept, blocks are cut by rule and kept whole, and the token of a block
 * that was in doubt lets the engine tell it from a new one. History that is down is waited for; nothing is dropped,
 * and no more than one fetch is read ahead meanwhile.
 */

import type { History, HistorySource, Log, Position, Reader } from "../ports.ts";
import { type Block, type Cut, Cutter, DEFAULT_CUT, whyNoCut } from "./blocks.ts";

export type { Block, Cut } from "./blocks.ts";

export interface RecorderOptions {
  readonly log: Log;
  readonly history: Pick<History, "prepare" | "nextOffset" | "insert">;
  readonly sources: readonly HistorySource[];
  readonly sleep: (ms: number) => Promise<void>;
  /** Told of every failure; each is tried again. */
  readonly onError: (error: Error) => void;
  /** Told of every block that is kept. */
  readonly onRecorded?: (block: Block) => void;
  readonly cut?: Partial<Cut>;
}

export interface Recorder {
  /** These partitions of every source's topic are ours from now on; resolves when the others are let go. */
  setPartitions(partitions: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const cut = { ...DEFAULT_CUT, ...options.cut };
  const reason = whyNoCut(cut);
  if (reason !== null) throw new Error(`recorder: ${reason}`);

  let stint: Stint | null = null;
  let turn: Promise<void> = Promise.resolve();
  const change = (partitions: readonly number[]): Promise<void> => {
    turn = turn.then(async () => {
      await stint?.end();
      stint = partitions.length === 0 ? null : new Stint(options, cut, partitions);
    });
    return turn;
  };
  return { setPartitions: change, stop: () => change([]) };
}

const POLL_MS = 250;
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 10_000;

/** The time during which the same partitions are ours. */
class Stint {
  readonly #options: RecorderOptions;
  readonly #cut: Cut;
  readonly #partitions: readonly number[];
  readonly #over = Promise.withResolvers<void>();
  readonly #done: Promise<void>;
  #isOver = false;
  #reader: Reader | null = null;
  #failures = 0;

  constructor(options: RecorderOptions, cut: Cut, partitions: readonly number[]) {
    this.#options = options;
    this.#cut = cut;
    this.#partitions = partitions;
    this.#done = this.#run();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#over.resolve();
    this.#reader?.wakeUp();
    await this.#done;
  }

  /** Whatever fails, everything is built anew from what history says it has. */
  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#read();
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  async #read(): Promise<void> {
    // Here, not at the start of the process: history that is down keeps nobody else from starting.
    await this.#options.history.prepare();
    const from = await this.#positions();
    if (this.#isOver) return;
    const cutters = this.#cutters();
    const reader = await this.#options.log.openReader(from);
    this.#reader = reader;
    let keeping: Promise<void> = Promise.resolve();
    try {
      while (!this.#isOver) {
        const batches = await reader.poll(POLL_MS);
        const blocks = batches.flatMap(
          (batch) => cutters.get(`${batch.topic}:${batch.partition}`)?.take(batch) ?? [],
        );
        // The engine keeps what was read last while the next is read; never more than that is held.
        await keeping;
        keeping = this.#keepAll(blocks);
      }
    } finally {
      await keeping;
      this.#reader = null;
      await reader.close();
    }
  }

  async #keepAll(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) await this.#keep(block);
  }

  /** Tries until it is kept, or until the partition is no longer ours; then it never goes past this block. */
  async #keep(block: Block): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#options.history.insert(block.table, block.rows, block.token);
        this.#failures = 0;
        this.#options.onRecorded?.(block);
        return;
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (!this.#isOver) this.#options.onError(error instanceof Error ? error : new Error(String(error)));
    const wait = Math.min(BACKOFF_MS * 2 ** this.#failures, BACKOFF_MS_MAX);
    this.#failures += 1;
    await Promise.race([this.#options.sleep(wait), this.#over.promise]);
  }

  async #positions(): Promise<readonly Position[]> {
    const { log, history, sources, onError } = this.#options;
    const positions: Position[] = [];
    for (const { topic, table } of sources) {
      for (const partition of this.#partitions) {
        if (this.#isOver) return [];
        const kept = await history.nextOffset(table, topic, partition);
        const [start, end] = await Promise.all([log.start(topic, partition), log.end(topic, partition)]);
        const place = `${topic}, partition ${partition}`;
        if (kept > end) {
          throw new Error(
            `history has rows of ${place} up to offset ${kept}, but the log ends at ${end}: it was made anew, and history needs tables of its own (another database)`,
          );
        }
        if (kept > 0 && kept < start) {
          onError(
            new Error(`history misses ${place} from offset ${kept} to ${start}: the log no longer has them`),
          );
        }
        positions.push({ topic, partition, offset: Math.max(kept, start) });
      }
    }
    return positions;
  }

  #cutters(): ReadonlyMap<string, Cutter> {
    const cutters = this.#options.sources.flatMap((source) =>
      this.#partitions.map(
        (partition) => [`${source.topic}:${partition}`, new Cutter(source, partition, this.#cut)] as const,
      ),
    );
    return new Map(cutters);
  }
}

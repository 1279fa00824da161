/** Who runs: the reference, and the core with and without reading its events; each a round at a time. */
import { act } from "../../src/core/act/act.ts";
import { compose } from "../../src/core/compose/compose.ts";
import { evaluate } from "../../src/core/evaluate/evaluate.ts";
import { match } from "../../src/core/match/match.ts";
import type { Automation } from "../../src/core/model/automation.ts";
import { tableOf } from "../../src/core/model/automation-table.ts";
import type { Event } from "../../src/core/model/event.ts";
import { DEFAULT_LIMITS, readEvent } from "../../src/core/model/event-reader.ts";
import { fromMillis, type Instant } from "../../src/core/model/time.ts";
import { order } from "../../src/core/order/order.ts";
import type { Stage } from "../../src/core/processor.ts";
import { Chain, type ChainStep } from "../../src/runtime/chain/chain.ts";
import type { Sent } from "./sent.ts";
import type { Variant } from "./workloads.ts";

/** A round: how long it took, and how often something fired. */
export interface Round {
  readonly nanos: number;
  readonly fired: number;
}

/** A task commits after a few hundred events: only then gathered inputs are taken and changes collected. */
const COMMIT = 500;
/** Events are made in pieces, off the clock, so that a long round needs little memory. */
const PIECE = 10_000;

export function parsing(variant: Variant): Round {
  let kept: unknown = null;
  const nanos = timed(variant, {
    prepare: (sent) => sent,
    take: ({ text }) => {
      kept = JSON.parse(text);
    },
    commit: () => {},
  });
  return { nanos, fired: kept === null ? 1 : 0 };
}

export function core(variant: Variant, end: "actions" | "firings"): Round {
  const chains = new Chains(variant.automations, end);
  const nanos = timed(variant, {
    prepare: ({ chain, text, at }) => ({ chain, event: read(text, at) }),
    take: ({ chain, event }) => {
      chains.take(chain, event);
    },
    commit: () => {
      chains.commit();
    },
  });
  return { nanos, fired: chains.fired };
}

export function readingCore(variant: Variant): Round {
  const chains = new Chains(variant.automations, "actions");
  const nanos = timed(variant, {
    prepare: (sent) => sent,
    take: ({ chain, text, at }) => {
      chains.take(chain, read(text, at));
    },
    commit: () => {
      chains.commit();
    },
  });
  return { nanos, fired: chains.fired };
}

export function read(text: string, at: number): Event {
  const reading = readEvent(JSON.parse(text), {
    received: fromMillis(at),
    id: () => "",
    limits: DEFAULT_LIMITS,
  });
  if (!reading.ok) throw new Error(`an event nobody can read: ${text}`);
  return reading.value;
}

interface Way<Prepared> {
  /** Off the clock. */
  prepare(sent: Sent): Prepared;
  take(prepared: Prepared): void;
  commit(): void;
}

function timed<Prepared>({ events, fill }: Variant, way: Way<Prepared>): number {
  globalThis.gc?.();
  let nanos = 0;
  let taken = 0;
  for (const piece of inPieces(events())) {
    const prepared = piece.map((sent) => way.prepare(sent));
    settle();
    const started = process.hrtime.bigint();
    for (const [i, one] of prepared.entries()) {
      way.take(one);
      if (i % COMMIT === COMMIT - 1) way.commit();
    }
    way.commit();
    const ended = process.hrtime.bigint();
    if (taken >= fill) nanos += Number(ended - started);
    taken += piece.length;
  }
  return nanos;
}

/** Twice survived, the prepared events are old: what is collected while the clock runs is what the contestant made. */
function settle(): void {
  globalThis.gc?.({ type: "minor" });
  globalThis.gc?.({ type: "minor" });
}

function* inPieces(events: Iterable<Sent>): Iterable<readonly Sent[]> {
  let piece: Sent[] = [];
  for (const sent of events) {
    piece.push(sent);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** The chains of a variant, and what has come of them. */
export class Chains {
  readonly #chains: readonly Chain[];
  readonly #end: string;
  #now: Instant = fromMillis(0);
  fired = 0;

  constructor(automations: readonly (readonly Automation[])[], end: "actions" | "firings") {
    // Without the last step, firings are what comes out.
    const steps = end === "actions" ? STEPS : STEPS.slice(0, -1);
    this.#end = end === "actions" ? "firings" : "act";
    this.#chains = automations.map((some) => chainOf(some, steps));
  }

  take(chain: number, event: Event): void {
    this.#now = event.received;
    this.#chains[chain]?.takeEvent(event);
  }

  commit(): void {
    for (const chain of this.#chains) {
      if (chain.needsWatermarks) {
        chain.advanceGathering("evaluate", this.#now);
        chain.advanceGathering("compose", this.#now);
      }
      for (const { topic } of chain.take().outputs) if (topic === this.#end) this.fired += 1;
    }
  }
}

function chainOf(automations: readonly Automation[], steps: readonly ChainStep[]): Chain {
  const table = tableOf(automations.map((one) => ({ automation: one, revision: 0 })));
  const tables = { automations: table, deployments: new Map(), variables: {} };
  const chain = new Chain({ partition: 0, partitions: 1, steps, tables });
  chain.reload(tables, fromMillis(0));
  chain.take();
  return chain;
}

const STEPS: readonly ChainStep[] = [
  { name: "order", stage: carried(order), store: "waiting", via: null },
  { name: "match", stage: carried(match), store: null, via: null },
  { name: "evaluate", stage: carried(evaluate), store: "buckets", via: "matches" },
  { name: "compose", stage: carried(compose), store: "child-firings", via: "child-firings" },
  { name: "act", stage: carried(act), store: null, via: null },
];

/** Each stage knows its own state and inputs; the chain only carries them. */
function carried<State, In>(stage: Stage<State, In>): Stage<unknown, unknown> {
  if (!isCarried(stage)) throw new Error("no stage");
  return stage;
}

function isCarried(stage: object): stage is Stage<unknown, unknown> {
  return "process" in stage;
}

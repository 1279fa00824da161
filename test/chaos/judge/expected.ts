/**
 * What should have come of it: one undisturbed chain, home of every key, takes the same records as they stand in the log,
 * with the broker's own timestamps. Knows no partitions, processes or clocks (semantics.md, section 1).
 */
import { stages } from "../../../src/core/core.ts";
import type { Event } from "../../../src/core/model/event.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { RunCommand } from "../../../src/core/model/run-command.ts";
import { type Instant, instant } from "../../../src/core/model/time.ts";
import { Chain, type Output, type Tables } from "../../../src/runtime/chain/chain.ts";
import { type LogRecord, Unreadable } from "../../../src/runtime/ports.ts";
import type { Wire } from "../../../src/runtime/runtime.ts";
import type { Topology } from "../../../src/topology/topology.ts";

export interface Setting {
  readonly topology: Topology;
  readonly wire: Wire;
  readonly tables: Tables;
  /** What is due or received later is not looked at. */
  readonly until: Instant;
}

export interface Expected {
  /** By id, as they are written. */
  readonly firings: ReadonlyMap<string, { readonly firing: Firing; readonly text: string }>;
  /** By run id. */
  readonly commands: ReadonlyMap<string, RunCommand>;
  /** Ids of the events that tell of the firings. */
  readonly told: ReadonlySet<string>;
  /** Where records stand that are no events: `<partition>/<offset>`. */
  readonly rejected: ReadonlySet<string>;
  readonly events: number;
}

/** More than any run sends: one chain remembers the ids of all partitions. */
const SEEN_IDS = 50_000_000;

export function expectedOf(log: readonly (readonly LogRecord[])[], setting: Setting): Expected {
  const rejected = new Set<string>();
  const events = log.flatMap((records, partition) => readable(records, partition, setting, rejected));
  const chain = newChain(setting);
  const outputs: Output[] = [];
  chain.reload(setting.tables, instant(0));
  for (const [at, together] of momentsOf(events)) {
    if (at > setting.until) break;
    for (const event of together) chain.takeEvent(event);
    chain.advanceAll(at, () => {});
    outputs.push(...chain.take().outputs);
  }
  chain.advanceAll(setting.until, () => {});
  outputs.push(...chain.take().outputs);
  return { ...gathered(outputs, setting), rejected, events: events.length };
}

function readable(
  records: readonly LogRecord[],
  partition: number,
  { wire }: Setting,
  rejected: Set<string>,
): readonly Event[] {
  let last = instant(0);
  return records.flatMap((record) => {
    try {
      const event = wire.decodeEvent({ topic: "events", partition }, record, last);
      last = event.received;
      return [event];
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      rejected.add(`${partition}/${record.offset}`);
      return [];
    }
  });
}

/** Of one partition in their order; what is of one instant and order-sensitive, the chain sorts out by itself. */
const momentsOf = (events: readonly Event[]): readonly [Instant, readonly Event[]][] =>
  [...Map.groupBy(events, ({ received }) => received)].toSorted(([a], [b]) => a - b);

function newChain({ topology, tables }: Setting): Chain {
  const steps = (topology.roles["evaluator"]?.steps ?? []).map(({ name, store, via }) => {
    const stage = stages[name];
    if (stage === undefined) throw new Error(`there is no processor '${name}'`);
    return { name, stage, store, via };
  });
  const nothing: Tables = {
    ...tables,
    automations: { automations: [], triggers: new Map(), gathers: false },
  };
  return new Chain({ partition: 0, partitions: 1, steps, tables: nothing, seenIds: SEEN_IDS });
}

function gathered(
  outputs: readonly Output[],
  { wire }: Setting,
): Pick<Expected, "firings" | "commands" | "told"> {
  const firings = new Map<string, { firing: Firing; text: string }>();
  const commands = new Map<string, RunCommand>();
  const told = new Set<string>();
  for (const output of outputs) {
    const { value, headers } = wire.encode(output);
    const record = { offset: 0, key: null, value, headers, timestamp: instant(0) };
    if (output.topic === "firings") {
      const firing = wire.decode<Firing>("firings", record);
      firings.set(firing.id, { firing, text: textOf(record) });
    } else if (output.topic === "run-commands") {
      const command = wire.decode<RunCommand>("run-commands", record);
      commands.set(command.runId, command);
    } else if (output.topic === "events") {
      told.add(output.key === "" ? "" : idOf(record));
    }
  }
  return { firings, commands, told };
}

export const textOf = ({ value }: Pick<LogRecord, "value">): string =>
  new TextDecoder().decode(value ?? undefined);

export function idOf(record: Pick<LogRecord, "value">): string {
  const { id }: { readonly id: string } = JSON.parse(textOf(record));
  return id;
}

/** The gateway's ports over the log and the tables of this process. */
import { randomUUID } from "node:crypto";
import type { Event } from "../core/model/event.ts";
import { resourceId } from "../core/model/event.ts";
import { deriveTimeId } from "../core/model/id.ts";
import { dueAt, type RunCommand } from "../core/model/run-command.ts";
import { fromMillis, type Instant, toMillis } from "../core/model/time.ts";
import { type GatewayPorts, type Health, Unavailable } from "../gateway/gateway.ts";
import { type History, HistoryAway } from "../runtime/ports.ts";
import { type Output, Table } from "../runtime/runtime.ts";
import { DefinitionWriter } from "./definitions.ts";
import type { ProcessGround } from "./ground.ts";

export interface Desk {
  readonly ports: GatewayPorts;
  close(): Promise<void>;
}

interface DeskOptions {
  readonly history: Pick<History, "query">;
  readonly roles: readonly string[];
}

/** Opens what the gateway needs beyond the ground: the pending runs, and a writer for definitions. */
export async function openDesk(ground: ProcessGround, { history, roles }: DeskOptions): Promise<Desk> {
  const { log, wire, ticker, report } = ground;
  const pending = await Table.open({
    log,
    topic: wire.nameOf("run-commands"),
    decode: (record) => wire.decode<RunCommand>("run-commands", record),
    ticker,
    report,
  });
  const { definitions } = ground;
  const logHealth = probe(ground);
  const writer = new DefinitionWriter({ log, wire, definitions });
  const now = (): Instant => log.now() ?? fromMillis(Date.now());
  const ports: GatewayPorts = {
    publishEvents: async (events) => {
      await log.append(events.map((event) => wire.encode(eventOutput(event))));
    },
    define: (decide) => writer.define(decide),
    automations: () => definitions.automations(),
    deployments: () => definitions.deployments(),
    pendingRuns: () =>
      Array.from(pending.rows.values(), ({ value, written }) => ({
        command: value,
        due: dueAt(value, written),
      })).toSorted((a, b) => a.due - b.due),
    history: (sql) =>
      history.query(sql).catch((error: unknown) => {
        throw error instanceof HistoryAway ? new Unavailable(error.message, { cause: error }) : error;
      }),
    now,
    newId: () => deriveTimeId(toMillis(now()), randomUUID()),
    health: async () => ({ status: await logHealth(), roles }),
  };
  return { ports, close: () => Promise.all([pending.close(), writer.close()]).then(() => undefined) };
}

const PROBE_MS_MAX = 2000;

/** As much of the ground as it takes to ask. */
interface Probed {
  readonly log: Pick<ProcessGround["log"], "written">;
  readonly wire: Pick<ProcessGround["wire"], "nameOf">;
  readonly ticker: Pick<ProcessGround["ticker"], "sleep">;
}

/** Asks the log for a sign of life; whoever asks meanwhile gets the same answer, so that nobody can make it work hard. */
export function probe({ log, wire, ticker }: Probed) {
  let asked: Promise<Health["status"]> | null = null;
  const ask = async (): Promise<Health["status"]> => {
    const answered = log.written(wire.nameOf("events"), 0).then(
      () => true,
      () => false,
    );
    const isThere = await Promise.race([answered, ticker.sleep(PROBE_MS_MAX).then(() => false)]);
    return isThere ? "ready" : "the log does not answer";
  };
  return (): Promise<Health["status"]> => {
    asked ??= ask().finally(() => (asked = null));
    return asked;
  };
}

const eventOutput = (event: Event): Output => ({
  topic: "events",
  partition: null,
  key: resourceId(event),
  value: event,
  gathers: false,
});

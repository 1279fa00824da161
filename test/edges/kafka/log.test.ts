/** The log on Kafka keeps the promises of every log. */
import type { Log } from "../../../src/runtime/ports.ts";
import { describeLog, type OpenedLog } from "../../conformance/log.ts";
import { compact } from "./compaction.ts";
import { hold } from "./holding.ts";
import { openLog } from "./real.ts";

const opened = (log: Log): OpenedLog => ({ log, close: () => log.close() });

describeLog("Kafka", async () => opened(await openLog()), {
  reopen: async (before) => {
    await before.close();
    return opened(await openLog());
  },
  compact,
  hold,
  // The broker stamps whole milliseconds.
  clockErrorMs: 1,
  deadlineMs: 60_000,
});

/** A writer whose transaction is held, on a real broker, after its records and before its end. */
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import type { NewRecord } from "../../../src/runtime/ports.ts";
import type { Held } from "../../conformance/log.ts";
import { type Fate, Gate } from "./gate.ts";

export async function hold(name: string, records: readonly NewRecord[]): Promise<Held> {
  const gate = await Gate.open();
  const log = await openKafkaLog({ brokers: [gate.address], clientId: "held", clockTopic: "test-clock" });
  const writer = await log.openWriter(name);
  const begun = Promise.withResolvers<void>();
  const request = Promise.withResolvers<Fate>();
  let answer: Fate = "pass";
  gate.meddle(({ api, isAnswer }) => {
    if (api !== "endTransaction") return "pass";
    if (isAnswer) return answer;
    begun.resolve();
    return request.promise;
  });
  const outcome = writer.commit(records).then(
    () => null,
    (error: unknown) => error,
  );
  await begun.promise;
  return {
    end: async (how) => {
      answer = how === "lose-answer" ? "cut" : "pass";
      request.resolve(how === "lose" ? "cut" : "pass");
      const told = await outcome;
      await log.close();
      gate.shut();
      return told;
    },
  };
}

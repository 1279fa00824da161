import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Grouping, groupMessagesPerPartition } from "../../../src/edges/kafka/patches/grouping.ts";
import { inside, kafkajs, refuseOthers } from "../../../src/edges/kafka/patches/patches.ts";
import { mendTimers, type RequestQueue } from "../../../src/edges/kafka/patches/request-timers.ts";

interface Msg {
  readonly to: number;
}
const require = createRequire(import.meta.url);
// Held from before the patches are laid on.
const stockGrouping: (
  asked: Grouping<Msg>,
) => unknown = require("kafkajs/src/producer/groupMessagesPerPartition");
const Queue: new (options: unknown) => RequestQueue = require("kafkajs/src/network/requestQueue");

const newQueue = () =>
  new Queue({
    maxInFlightRequests: 1,
    requestTimeout: 1_000,
    logger: { debug: () => {} },
    clientId: "c",
    broker: "b",
  });

describe("the patched client", () => {
  it("refuses a version it does not know", () => {
    assert.throws(() => refuseOthers("2.3.0"), /2\.3\.0 is installed.*2\.2\.4/);
    assert.doesNotThrow(() => refuseOthers("2.2.4"));
  });

  it("sets a timer after a response though nothing waits, and none once it is mended", () => {
    const stock = newQueue();
    stock.scheduleCheckPendingRequests();
    const wasSet = stock.throttleCheckTimeoutId !== null;
    if (stock.throttleCheckTimeoutId !== null) clearTimeout(stock.throttleCheckTimeoutId);
    assert.ok(wasSet, "kafkajs has changed: the patch is not needed any more");

    const mended = newQueue();
    mendTimers(mended);
    mended.scheduleCheckPendingRequests();
    assert.equal(mended.throttleCheckTimeoutId, null);
  });

  it("groups messages as before, in one pass", () => {
    const partitioner = ({ message }: { message: Msg }) => message.to;
    const messages = fc.array(fc.record({ to: fc.nat(5) }));
    fc.assert(
      fc.property(messages, fc.boolean(), (list, isKnown) => {
        const asked = { topic: "t", partitionMetadata: isKnown ? [{}] : [], messages: list, partitioner };
        assert.deepEqual(groupMessagesPerPartition(asked), stockGrouping(asked));
      }),
    );
  });

  it("hands the patched parts to whoever asks through it, though the client was loaded before", () => {
    kafkajs();
    assert.equal(inside("producer/groupMessagesPerPartition"), groupMessagesPerPartition);
    const queue = newQueue();
    queue.scheduleCheckPendingRequests();
    assert.equal(queue.throttleCheckTimeoutId, null);
  });
});

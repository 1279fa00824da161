/**
 * What kafkajs 2.2.4 does by itself with what our reader reads rightly (records.test.ts, the same bytes). As long as these
 * hold we read by ourselves; if one fails, kafkajs has changed and src/edges/kafka is to be thought through again.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { batch, type Story, tell, threeAbort, zeroKey } from "./batches.ts";

const require = createRequire(import.meta.url);

interface StockBatch {
  readonly messages: readonly { offset: string; value: Buffer | null }[];
  isEmptyDueToFiltering(): boolean;
}
type DecodeMessages = (decoder: unknown) => Promise<readonly unknown[]>;

const Batch: new (
  topic: string,
  offset: string,
  data: unknown,
) => StockBatch = require("kafkajs/src/consumer/batch");
const decodeMessages: DecodeMessages = require("kafkajs/src/protocol/requests/fetch/v4/decodeMessages");
const Decoder: new (bytes: Buffer) => unknown = require("kafkajs/src/protocol/decoder");

async function stockRead(bytes: Buffer, from: number, aborted: readonly unknown[]): Promise<StockBatch> {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  const messages = await decodeMessages(new Decoder(Buffer.concat([size, bytes])));
  const data = { partition: 0, highWatermark: "5000", abortedTransactions: aborted, messages };
  return new Batch("topic", String(from), data);
}

async function leaks(story: Story): Promise<number> {
  let count = 0;
  for (let from = 0; from < story.end; from++) {
    const { bytes, aborted } = story.fetch(from);
    const told = aborted.map(({ producerId, firstOffset }) => ({
      producerId: String(producerId),
      firstOffset: String(firstOffset),
    }));
    count += (await stockRead(bytes, from, told)).messages.length;
  }
  return count;
}

describe("kafkajs by itself", () => {
  it("cannot tell an emptied batch from the end, and stays before it (K1)", async () => {
    const stock = await stockRead(batch({ at: 2024, spans: 35, producer: 5n }), 2024, []);
    assert.equal(stock.messages.length, 0);
    // Only then would its consumer move on.
    assert.equal(stock.isEmptyDueToFiltering(), false);
  });

  it("shows records of three aborted transactions (K2)", async () => {
    assert.notEqual(await leaks(tell(threeAbort)), 0);
  });

  it("shows aborted records behind a key of four zero bytes (K3)", async () => {
    assert.notEqual(await leaks(tell(zeroKey)), 0);
  });
});

/** A produce request made by hand: its batch is sent as it stands, whatever is wrong with it. */
import { once } from "node:events";
import { connect } from "node:net";
import { brokers } from "./real.ts";

const PRODUCE = 0;
const VERSION = 7;
const ACKS_OF_ALL = -1;
const WITHIN_MS = 10_000;

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);
const sized = (bytes: Buffer): Buffer => Buffer.concat([int32(bytes.length), bytes]);
const one = (item: Buffer): Buffer => Buffer.concat([int32(1), item]);

/** Sends a batch to partition 0 of a topic; gives the number of the broker's error, 0 for none. */
export async function produceRaw(topic: string, batch: Buffer): Promise<number> {
  const header = Buffer.concat([int16(PRODUCE), int16(VERSION), int32(1), text("by hand")]);
  const noTransaction = int16(-1);
  const partition = Buffer.concat([int32(0), sized(batch)]);
  const data = one(Buffer.concat([text(topic), one(partition)]));
  const body = Buffer.concat([noTransaction, int16(ACKS_OF_ALL), int32(WITHIN_MS), data]);

  const [host = "", port] = brokers()[0]?.split(":") ?? [];
  const socket = connect({ host, port: Number(port) });
  socket.write(sized(Buffer.concat([header, body])));
  let answer = Buffer.alloc(0);
  while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
    const [bytes]: Buffer[] = await once(socket, "data");
    answer = Buffer.concat([answer, bytes ?? Buffer.alloc(0)]);
  }
  socket.destroy();
  // Length, correlation, one topic with its name, one partition with its number.
  return answer.readInt16BE(4 + 4 + 4 + 2 + topic.length + 4 + 4);
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer, type Server } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { mendCoordinator } from "../../../src/edges/kafka/patches/coordinator.ts";
import { type Grouping, groupMessagesPerPartition } from "../../../src/edges/kafka/patches/grouping.ts";
import { mendHalfOpen } from "../../../src/edges/kafka/patches/half-open.ts";
import { mendLeaving } from "../../../src/edges/kafka/patches/leaving.ts";
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

const request = (reject: () => void) => ({
  entry: { correlationId: 1, reject },
  expectResponse: true,
  requestTimeout: 60_000,
  sendRequest: () => {},
});

interface StockBroker {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
}
const Broker: new (options: unknown) => StockBroker = require("kafkajs/src/broker");
const Pool: new (options: unknown) => unknown = require("kafkajs/src/network/connectionPool");
const Cluster: {
  readonly prototype: { findGroupCoordinatorMetadata(this: unknown, asked: unknown): Promise<unknown> };
} = require("kafkajs/src/cluster");
const newSockets: () => unknown = require("kafkajs/src/network/socketFactory");

/** That gives an answer a tenth of a second. */
function newBroker(address: ReturnType<Server["address"]>): StockBroker {
  assert.ok(address !== null && typeof address === "object");
  const silent: Record<string, unknown> = {
    debug: () => {},
    error: () => {},
    warn: () => {},
    info: () => {},
  };
  const logger = { ...silent, namespace: () => silent };
  const timeouts = { connectionTimeout: 100, requestTimeout: 100 };
  const place = { host: address.address, port: address.port, socketFactory: newSockets() };
  return new Broker({ logger, connectionPool: new Pool({ ...place, ...timeouts, logger }) });
}

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

  it("leaves a connection though an answer never comes, which kafkajs waits for as long", async () => {
    const queues = [newQueue(), newQueue()] as const;
    const ended: string[] = [];
    const leave = (queue: RequestQueue, name: string): Promise<void> => {
      queue.push(request(() => ended.push(`a request of the ${name} one`)));
      return queue.waitForPendingRequests().then(() => {
        ended.push(`the ${name} one`);
      });
    };
    void leave(queues[0], "stock");
    mendLeaving(Queue.prototype, 1);
    await leave(queues[1], "mended");
    assert.deepEqual(ended, ["a request of the mended one", "the mended one"]);
    queues[0].rejectAll(new Error("over"));
  });

  it("takes a broker that has not answered for connected, and does no more once it is mended", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const stock = newBroker(server.address());
    await assert.rejects(stock.connect(), /timed out/);
    assert.equal(stock.isConnected(), true, "kafkajs has changed: the patch is not needed any more");
    await stock.disconnect();

    mendHalfOpen(Broker.prototype);
    const mended = newBroker(server.address());
    await assert.rejects(mended.connect(), /timed out/);
    assert.equal(mended.isConnected(), false);
    server.close();
  });

  it("gives a coordinator that nobody knows up for good, and tries again once it is mended", async () => {
    const nobody = { brokerPool: { withBroker: async () => null } };
    const find = () => Cluster.prototype.findGroupCoordinatorMetadata.call(nobody, { groupId: "g" });
    await assert.rejects(find(), { name: "KafkaJSGroupCoordinatorNotFound", retriable: false });
    mendCoordinator(Cluster.prototype);
    await assert.rejects(find(), { name: "KafkaJSGroupCoordinatorNotFound", retriable: true });
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

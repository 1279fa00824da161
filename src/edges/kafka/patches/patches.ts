/**
 * The client, kafkajs 2.2.4, with what is wrong in it put right where it cannot be gone around. Each patch is a module of
 * its own; `kafkajs()` and `inside()` are the only ways by which this edge reaches the client, so that none is forgotten.
 *
 * Gone around instead: what a fetch brings is decoded by us (reader/records.ts: empty batches, aborted records), the
 * coordinator asked for four times a transaction (writer.ts), heartbeats by the wall clock (membership/membership.ts).
 */
import { createRequire } from "node:module";
import type * as Kafkajs from "kafkajs";
import { encodingProduce, type Produced, type Request } from "../produce/produce.ts";
import { mendCoordinator } from "./coordinator.ts";
import { groupMessagesPerPartition } from "./grouping.ts";
import { mendHalfOpen } from "./half-open.ts";
import { mendLeaving } from "./leaving.ts";
import { mendTimers, type RequestQueue } from "./request-timers.ts";

/** The patches know the client's insides, and these only in this version. */
const VERSION = "2.2.4";

const require = createRequire(import.meta.url);
let loaded: typeof Kafkajs | null = null;

/** The patched client. */
export function kafkajs(): typeof Kafkajs {
  loaded ??= load();
  return loaded;
}

/** A module of the patched client, by its path below `kafkajs/src`. */
export function inside<Module>(path: string): Module {
  kafkajs();
  const found: Module = require(`kafkajs/src/${path}`);
  return found;
}

export function refuseOthers(version: string): void {
  if (version === VERSION) return;
  throw new Error(
    `kafkajs ${version} is installed, but we patch its insides as they are in ${VERSION}: ` +
      `npm install --save-exact kafkajs@${VERSION}, or go through src/edges/kafka/patches anew`,
  );
}

function load(): typeof Kafkajs {
  const { version }: { version: string } = require("kafkajs/package.json");
  refuseOthers(version);
  const client: typeof Kafkajs = require("kafkajs");

  replace("producer/groupMessagesPerPartition", groupMessagesPerPartition);
  // Those that hold the old one are loaded anew; whoever has loaded them before us keeps what they have.
  for (const path of ["producer/sendMessages", "producer/messageProducer", "producer"]) {
    Reflect.deleteProperty(require.cache, require.resolve(`kafkajs/src/${path}`));
  }

  // The later versions are this one by another number; they are loaded when something is sent.
  const produce = "protocol/requests/produce";
  const stock: (asked: Produced) => Request = require(`kafkajs/src/${produce}/v3/request`);
  replace(`${produce}/v3/request`, encodingProduce(stock));
  for (const version of ["v4", "v5", "v6", "v7"]) {
    Reflect.deleteProperty(require.cache, require.resolve(`kafkajs/src/${produce}/${version}/request`));
  }

  const queue: { prototype: RequestQueue } = require("kafkajs/src/network/requestQueue");
  mendTimers(queue.prototype);
  mendLeaving(queue.prototype);
  const broker: { prototype: Parameters<typeof mendHalfOpen>[0] } = require("kafkajs/src/broker");
  mendHalfOpen(broker.prototype);
  const cluster: { prototype: Parameters<typeof mendCoordinator>[0] } = require("kafkajs/src/cluster");
  mendCoordinator(cluster.prototype);
  return client;
}

/** Lets every `require` of that module from now on have ours. */
function replace(path: string, ours: unknown): void {
  const file = require.resolve(`kafkajs/src/${path}`);
  require(file);
  const module = require.cache[file];
  if (module === undefined) throw new Error(`kafkajs has no module ${path}`);
  module.exports = ours;
}

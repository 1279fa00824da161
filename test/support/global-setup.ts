/** Starts what the tests of edges need, once for a run of `node --test --test-global-setup=test/support/global-setup.ts`. */
import { type Cluster, startCluster } from "./cluster.ts";

let cluster: Cluster | null = null;

/** Test processes are started after this, and inherit the address. */
export async function globalSetup(): Promise<void> {
  cluster = await startCluster();
  process.env["KAFKA_BROKERS"] = cluster.brokers.join(",");
}

export async function globalTeardown(): Promise<void> {
  await cluster?.stop();
}

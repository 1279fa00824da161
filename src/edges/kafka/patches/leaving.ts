/**
 * Leaves a connection in the end. kafkajs waits for the answers that are under way before it closes one, and from that moment
 * on no longer looks at how long they take, nor hears that the other side has gone: without an answer it waits for ever, and
 * with it whoever was to connect anew.
 */
import type { RequestQueue } from "./request-timers.ts";

const WAIT_MS = 1_000;

export function mendLeaving(prototype: RequestQueue, waitMs = WAIT_MS): void {
  const wait = prototype.waitForPendingRequests;
  prototype.waitForPendingRequests = async function (this: RequestQueue): Promise<void> {
    const giveUp = setTimeout(() => {
      this.rejectAll(new Error("the connection is being left"));
    }, waitMs);
    await wait.call(this);
    clearTimeout(giveUp);
  };
}

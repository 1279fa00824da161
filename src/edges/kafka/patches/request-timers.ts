/**
 * Looks after waiting requests only when some wait. kafkajs sets a timer after every response, with a time that lies in
 * the past, which Node 24 warns of and which costs a turn of the event loop each.
 */

/** kafkajs' request queue, as far as it is used here. */
export interface RequestQueue {
  readonly inflight: ReadonlyMap<unknown, unknown>;
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  push(request: unknown): void;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
  /** Until nothing is under way any more. */
  waitForPendingRequests: (this: RequestQueue) => Promise<void>;
  rejectAll(error: Error): void;
}

const LOOK_AGAIN_MS = 10;

export function mendTimers(prototype: RequestQueue): void {
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
    const throttledMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : LOOK_AGAIN_MS,
    );
  };
}

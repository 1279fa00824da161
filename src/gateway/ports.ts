/** What the gateway asks of the rest: to take events and definitions for good, and to show what stands. */
import type { Automation } from "../core/model/automation.ts";
import type { Deployment } from "../core/model/deployment.ts";
import type { Event } from "../core/model/event.ts";
import type { Json } from "../core/model/json.ts";
import type { RunCommand } from "../core/model/run-command.ts";
import type { Instant } from "../core/model/time.ts";

/** One change of what is defined. */
export type Change =
  | { readonly kind: "automation"; readonly automation: Automation }
  | { readonly kind: "automation-deleted"; readonly id: string }
  | { readonly kind: "deployment"; readonly deployment: Deployment }
  | { readonly kind: "deployment-deleted"; readonly id: string };

/** What is to change, and what to answer when it has. */
export interface Decision<T> {
  readonly changes: readonly Change[];
  readonly answer: T;
}

/** A run command that waits on the scheduling topic, and until when. */
export interface PendingRun {
  readonly command: RunCommand;
  readonly due: Instant;
}

export interface Health {
  /** Only `ready` lets load balancers send requests here. */
  readonly status: "starting" | "ready" | "failed" | "the log does not answer";
  readonly roles: readonly string[];
}

export interface GatewayPorts {
  /** Resolves when every event is durable; events of one resource keep their order. */
  publishEvents(events: readonly Event[]): Promise<void>;
  /**
   * Decides on what the views below show once everything defined before is seen, then makes all changes or none;
   * resolves when they are durable and seen. What the decision throws is thrown, and nothing is changed.
   */
  define<T>(decide: () => Decision<T>): Promise<T>;
  /** All of them, disabled ones too. */
  automations(): readonly Automation[];
  deployments(): readonly Deployment[];
  /** In the order in which they are due. */
  pendingRuns(): readonly PendingRun[];
  /** Answers read-only SQL; throws QueryError with the engine's own words, or Unavailable. */
  history(sql: string): Promise<readonly Readonly<Record<string, Json>>[]>;
  now(): Instant;
  /** A UUIDv7. */
  newId(): string;
  health(): Promise<Health>;
}

/** Thrown by `history` while it cannot be asked; says who does not answer. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

export interface GatewaySettings {
  /** `user:password` asks for Basic, any other text for Bearer; null lets in whoever is on this machine. */
  readonly auth: string | null;
  /** Takes one line for each internal error. */
  readonly log: (line: string) => void;
  /** Whether that line goes on with where the error came from. */
  readonly isDebugged?: boolean;
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  readonly bodyBytesMax: number;
  /** How long a body may take to arrive. */
  readonly bodyMsMax: number;
  /** One event as it goes on its way, in bytes of JSON. */
  readonly eventBytesMax: number;
}

export const defaultLimits: Limits = {
  bodyBytesMax: 5 * 1024 * 1024,
  bodyMsMax: 30_000,
  eventBytesMax: 1_500_000,
};

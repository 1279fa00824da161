/**
 * The sockets of kafkajs, made by us: so that whoever leaves can end them all, and kafkajs, which tries again for as long
 * as it can, finds none to go on with; and so that we know whether any broker answers.
 */
import type { Socket } from "node:net";
import type { ISocketFactory } from "kafkajs";
import { inside } from "./patches/patches.ts";

/** No broker has answered for so long, and at least one connection has failed: shorter ones are mended unseen. */
const SILENT_MS = 2_000;
/** No first answer takes so long: joining a group takes the longest. */
const HANGING_MS = 15_000;

/** Whether any broker answers; says so when that changes, and not for each connection. */
export class Reach {
  readonly #brokers: readonly string[];
  readonly #say: (text: string) => void;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #failingSince: number | null = null;
  #isAway = false;
  #isQuiet = true;

  constructor(brokers: readonly string[], say: (text: string) => void) {
    this.#brokers = brokers;
    this.#say = say;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** From now on; before that, whoever opens the log is told by an error. */
  speak(): void {
    this.#isQuiet = false;
  }

  answered(): void {
    this.#answeredAt = performance.now();
    this.#failingSince = null;
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#say(`Kafka answers again at ${this.#brokers.join(",")}`);
  }

  /** A connection has failed, having been tried since then. */
  failed(reason: string, since: number): void {
    this.#failingSince = Math.max(this.#answeredAt, Math.min(since, this.#failingSince ?? since));
    if (this.#isQuiet || this.#isAway || performance.now() - this.#failingSince < SILENT_MS) return;
    this.#isAway = true;
    this.#say(`${noBrokerAnswers(this.#brokers)}: ${reason}; trying again until one does`);
  }
}

export const noBrokerAnswers = (brokers: readonly string[]): string =>
  `no Kafka broker answers at ${brokers.join(",")} (KAFKA_BROKERS)`;

/** The connections of one client of kafkajs, to be ended together. */
export class Connections {
  readonly #all: readonly string[];
  readonly #reach: Reach;
  readonly #open = new Set<Socket>();
  readonly #create = inside<() => ISocketFactory>("network/socketFactory")();
  #isEnded = false;

  constructor(brokers: readonly string[], reach: Reach) {
    this.#all = brokers;
    this.#reach = reach;
  }

  /** As kafkajs wants them. It gives up when there is no broker to try, and not before. */
  readonly brokers = (): string[] => (this.#isEnded ? [] : [...this.#all]);

  readonly socketFactory: ISocketFactory = (asked) => {
    if (this.#isEnded) throw new Error("closed");
    const socket = this.#create(asked);
    let reason = "the connection was closed without an answer";
    let hasAnswered = false;
    const begun = performance.now();
    const hanging = setTimeout(() => {
      this.#reach.failed("connections are taken, and not answered", begun);
    }, HANGING_MS).unref();
    this.#open.add(socket);
    socket.on("data", () => {
      hasAnswered = true;
      clearTimeout(hanging);
      this.#reach.answered();
    });
    socket.on("error", (fault) => {
      reason = fault.message === "" ? String(Reflect.get(fault, "code")) : fault.message;
    });
    socket.on("close", () => {
      this.#open.delete(socket);
      clearTimeout(hanging);
      if (!hasAnswered && !this.#isEnded) this.#reach.failed(reason, begun);
    });
    return socket;
  };

  /** At once, whatever is still waited for: that fails, and nothing is tried again. */
  end(): void {
    this.#isEnded = true;
    // With an error, because kafkajs listens to no other word of the end of a connection that is being made.
    for (const socket of this.#open) socket.destroy(new Error("closed"));
  }
}

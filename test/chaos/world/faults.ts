/** Does what the plan says to the processes and to the broker. */
import { setTimeout as pause } from "node:timers/promises";
import type { JarBroker } from "../../support/cluster.ts";
import type { Fault, Role } from "../plan.ts";
import { Hand, isShifted, type Post } from "./crew.ts";

export interface World {
  readonly crew: Readonly<Record<Role, readonly Hand[]>>;
  /** How one more of a role is started. */
  readonly spare: (role: Role) => Post;
  /** Null where the broker is somebody else's. */
  readonly broker: JarBroker | null;
}

/** What it has to mend after a kill takes long on a busy machine. */
const RETURNS_WITHIN_MS = 600_000;

export class Faults {
  readonly #world: World;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Those that joined for a while, for what they have said. */
  readonly joined: Hand[] = [];
  #isBrokerBusy = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Begins; resolves, when it is over, with whether it was done: whom something else befalls is left alone. */
  do(fault: Fault): Promise<boolean> {
    const done = this.#do(fault).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return done;
  }

  get isOver(): boolean {
    return this.#underWay.size === 0;
  }

  /** Resolves when nothing is under way, and everybody is back. */
  async over(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  async #do(fault: Fault): Promise<boolean> {
    switch (fault.kind) {
      case "kill":
        return this.#away(this.#one(fault), "kill", fault.awayMs);
      case "kill-all":
        return this.#all(fault.role, (hand) => this.#away(hand, "kill", fault.awayMs));
      case "freeze":
        return this.#freeze(this.#one(fault), fault.forMs);
      case "freeze-all":
        return this.#all(fault.role, (hand) => this.#freeze(hand, fault.forMs));
      case "leave":
        return this.#away(this.#one(fault), "leave", fault.awayMs);
      case "join":
        return this.#join(fault);
      case "clock":
        return this.#all("evaluator", async ({ post, pid }) => {
          if (pid !== null && isShifted(post)) process.kill(pid, "SIGUSR2");
          return true;
        });
      case "broker-kill":
        return this.#broker((broker) => restarted(broker, "SIGKILL", fault.awayMs));
      case "broker-stop":
        return this.#broker((broker) => restarted(broker, "SIGTERM", fault.awayMs));
      case "broker-freeze":
        return this.#broker(async (broker) => {
          broker.freeze();
          await pause(fault.forMs);
          broker.thaw();
        });
    }
  }

  #one({ role, which }: { readonly role: Role; readonly which: number }): Hand {
    const hand = this.#world.crew[role][which];
    if (hand === undefined) throw new Error(`there is no ${role} ${which + 1}`);
    return hand;
  }

  async #all(role: Role, strike: (hand: Hand) => Promise<boolean>): Promise<boolean> {
    const struck = await Promise.all(this.#world.crew[role].map(strike));
    return struck.some((was) => was);
  }

  #away(hand: Hand, how: "kill" | "leave", awayMs: number): Promise<boolean> {
    return hand.befall(async () => {
      await hand[how]();
      await pause(awayMs);
    });
  }

  #freeze(hand: Hand, forMs: number): Promise<boolean> {
    return hand.befall(async (process) => {
      process.freeze();
      await pause(forMs);
      process.thaw();
    });
  }

  async #join({ role, forMs, isKilled }: Extract<Fault, { kind: "join" }>): Promise<boolean> {
    const hand = new Hand(this.#world.spare(role));
    this.joined.push(hand);
    hand.start();
    await pause(forMs);
    await (isKilled ? hand.kill() : hand.leave());
    return true;
  }

  async #broker(strike: (broker: JarBroker) => Promise<void>): Promise<boolean> {
    const { broker } = this.#world;
    if (broker === null || this.#isBrokerBusy) return false;
    this.#isBrokerBusy = true;
    try {
      await strike(broker);
    } finally {
      this.#isBrokerBusy = false;
    }
    return true;
  }
}

async function restarted(broker: JarBroker, signal: "SIGKILL" | "SIGTERM", awayMs: number): Promise<void> {
  await broker.end(signal);
  await pause(awayMs);
  await broker.start(RETURNS_WITHIN_MS);
}

/** Groups of members whose processes die, sleep and come back: whoever is not heard of is out after a while, and may not know. */
import { LogError, type Member, type Membership } from "../../../src/runtime/ports.ts";
import type { Chance } from "./chance.ts";
import type { Actor, Turns } from "./turns.ts";

interface Joining {
  readonly group: string;
  readonly count: number;
  readonly member: Member;
  /** How many others are to follow the state of each partition. */
  readonly copies: number;
}

interface Seat {
  readonly actor: Actor;
  readonly member: Member;
  /** What the member was told last. */
  told: readonly number[];
  isOut: boolean;
  /** Resolves when it is out: nobody waits for it any more. */
  readonly gone: Promise<void>;
  readonly leave: () => void;
}

interface Around {
  readonly turns: Turns;
  readonly chance: Chance;
  /** Who shares: the brokers. */
  readonly world: Actor;
}

export class Groups {
  readonly #groups = new Map<string, Group>();
  readonly #around: Around;

  constructor(around: Around) {
    this.#around = around;
  }

  join(actor: Actor, { group: name, count, member, copies }: Joining): Membership {
    const group = this.#groups.get(name) ?? new Group({ count, copies }, this.#around);
    this.#groups.set(name, group);
    if (group.count !== count) throw new LogError(`${name} shares ${group.count}`, { retriable: false });
    return group.join(actor, member);
  }

  /** Nothing was heard of this process for as long as a session lasts. */
  evict(actor: Actor): void {
    for (const group of this.#groups.values()) group.evict(actor);
  }

  shuffle(): void {
    for (const group of this.#groups.values()) group.share();
  }
}

class Group {
  readonly count: number;
  readonly #copies: number;
  readonly #around: Around;
  #seats: Seat[] = [];
  readonly #left = new Set<Member>();
  #isDue = false;
  #isSharing = false;

  constructor({ count, copies }: Pick<Joining, "count" | "copies">, around: Around) {
    this.count = count;
    this.#copies = copies;
    this.#around = around;
  }

  join(actor: Actor, member: Member): Membership {
    const seat = this.#sit(actor, member, []);
    return {
      leave: async () => {
        this.#left.add(member);
        await this.#around.turns.take(actor, "leave");
        this.#out(this.#seats.find((one) => one.member === member) ?? seat);
      },
      // Numbers are dealt by chance here, whoever has copies.
      refresh: () => {},
    };
  }

  /** It hears of it when it is heard of again, and joins once more; until then it works what it was told. */
  evict(actor: Actor): void {
    for (const seat of this.#seats.filter((one) => one.actor === actor)) {
      this.#out(seat);
      void this.#around.turns.take(actor, "join again").then(() => {
        if (!this.#left.has(seat.member)) this.#sit(actor, seat.member, seat.told);
      });
    }
  }

  share(): void {
    this.#isDue = true;
    if (!this.#isSharing) void this.#shareAll();
  }

  #sit(actor: Actor, member: Member, told: readonly number[]): Seat {
    const gone = Promise.withResolvers<void>();
    const seat = { actor, member, told, isOut: false, gone: gone.promise, leave: gone.resolve };
    this.#seats.push(seat);
    this.share();
    return seat;
  }

  #out(seat: Seat): void {
    if (seat.isOut) return;
    seat.isOut = true;
    seat.leave();
    this.#seats = this.#seats.filter((other) => other !== seat);
    this.share();
  }

  async #shareAll(): Promise<void> {
    this.#isSharing = true;
    while (this.#isDue) {
      this.#isDue = false;
      await this.#around.turns.take(this.#around.world, "rebalance");
      const seats = this.#seats;
      const shares = this.#shares(seats);
      const kept = (seat: Seat): readonly number[] => {
        const share = shares.get(seat) ?? [];
        return seat.told.filter((number) => share.includes(number));
      };
      // Everyone lets go of what others are to have, before anyone gets it.
      await Promise.all(seats.map((seat) => this.#tell(seat, kept(seat))));
      if (this.#isDue) continue;
      await Promise.all(seats.map((seat) => this.#tell(seat, shares.get(seat) ?? [])));
    }
    this.#isSharing = false;
  }

  #shares(seats: readonly Seat[]): ReadonlyMap<Seat, readonly number[]> {
    const numbers = this.#around.chance.shuffled(Array.from({ length: this.count }, (_, number) => number));
    return new Map(seats.map((seat, i) => [seat, numbers.filter((_, k) => k % seats.length === i)]));
  }

  /** What a member is to follow of others: the share of those who sit next to it. */
  #followedBy(seat: Seat): readonly number[] {
    const seats = this.#seats;
    const at = seats.indexOf(seat);
    const others = Array.from({ length: Math.min(this.#copies, seats.length - 1) }, (_, i) => i + 1);
    return others.flatMap((step) => seats[(at + step) % seats.length]?.told ?? []);
  }

  async #tell(seat: Seat, numbers: readonly number[]): Promise<void> {
    const told = this.#around.turns.take(seat.actor, `assigned ${numbers.join(" ")}`).then(async () => {
      if (seat.isOut) return;
      seat.told = numbers;
      const copies = this.#followedBy(seat).filter((number) => !numbers.includes(number));
      await seat.member.assigned(numbers, copies);
    });
    await Promise.race([told, seat.gone]);
  }
}

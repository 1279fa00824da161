/** Groups of members within this process, which share partition numbers in turn. */
import { LogError, type Member, type Membership } from "../../runtime/ports.ts";

export class Groups {
  readonly #groups = new Map<string, Group>();

  /** Joins the group that shares the numbers 0 … count-1. */
  join(name: string, count: number, member: Member): Membership {
    let group = this.#groups.get(name);
    if (group === undefined || group.isEmpty) {
      group = new Group(count);
      this.#groups.set(name, group);
    }
    if (group.count !== count) {
      throw new LogError(`the group ${name} shares ${group.count} partitions, not ${count}`, {
        retriable: false,
      });
    }
    return group.join(member);
  }

  /** Ends all groups without a word to their members. */
  close(): void {
    for (const group of this.#groups.values()) group.close();
    this.#groups.clear();
  }
}

/** A member's place, and the numbers it was told last; null before the first time. */
interface Seat {
  readonly member: Member;
  told: readonly number[] | null;
}

class Group {
  readonly count: number;
  #seats: Seat[] = [];
  /** Changes are told one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(count: number) {
    this.count = count;
  }

  get isEmpty(): boolean {
    return this.#seats.length === 0;
  }

  join(member: Member): Membership {
    const seat: Seat = { member, told: null };
    this.#seats.push(seat);
    void this.#inTurn(() => this.#share());
    // Members of one process follow nobody's state: what the process knows goes with it.
    return { leave: () => this.#leave(seat), refresh: () => {} };
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when the member has let go; then the others get what was its. Until then its seat is taken. */
  async #leave(seat: Seat): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#seats.includes(seat)) return;
      await this.#tell(seat, []);
      this.#remove(seat);
    });
  }

  #remove(seat: Seat): void {
    if (!this.#seats.includes(seat)) return;
    this.#seats = this.#seats.filter((other) => other !== seat);
    void this.#inTurn(() => this.#share());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
    return this.#turn;
  }

  /** Everyone lets go of what others are to have, before anyone gets it. */
  async #share(): Promise<void> {
    const seats = this.#seats;
    const shares = new Map(seats.map((seat, i) => [seat, numbersOf(i, seats.length, this.count)]));
    await this.#tellAll(shares, (seat, share) =>
      (seat.told ?? []).filter((number) => share.includes(number)),
    );
    await this.#tellAll(shares, (_, share) => share);
  }

  async #tellAll(
    shares: ReadonlyMap<Seat, readonly number[]>,
    numbersFor: (seat: Seat, share: readonly number[]) => readonly number[],
  ): Promise<void> {
    await Promise.all([...shares].map(([seat, share]) => this.#tell(seat, numbersFor(seat, share))));
  }

  /** A member that fails to do as told is out; the others share what was its. */
  async #tell(seat: Seat, numbers: readonly number[]): Promise<void> {
    if (this.#isClosed || !this.#seats.includes(seat)) return;
    if (seat.told !== null && isSame(seat.told, numbers)) return;
    seat.told = numbers;
    try {
      await seat.member.assigned(numbers, []);
    } catch (error) {
      seat.told = [];
      this.#remove(seat);
      seat.member.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

const numbersOf = (seat: number, seats: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, number) => number).filter((number) => number % seats === seat);

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((number, i) => number === b[i]);

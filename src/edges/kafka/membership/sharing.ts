/**
 * Who works which partition numbers, and who keeps copies of their state: evenly, and each keeps what it has as far as that
 * allows. The same claims give the same shares, whoever of the group works them out.
 */

/** A member, and what it says of itself when it joins. */
export interface Claim {
  readonly id: string;
  /** The numbers it holds, and since which generation of the group. */
  readonly owned: readonly number[];
  readonly generation: number;
  /** The numbers of others whose state it follows, and those of them of which it misses next to nothing. */
  readonly copies: readonly number[];
  readonly warm: readonly number[];
}

export interface Share {
  readonly owned: readonly number[];
  /** The numbers of others whose state it is to follow. */
  readonly copies: readonly number[];
}

/**
 * Numbers 0 … count-1 by member, and `standbys` copies of each with other members, as far as there are any. Shares differ
 * by one at most; nobody gives up more than the others' due. A number goes to a member that has a warm copy before one
 * that has none; where copies are kept at all, a living member keeps a number that is due to somebody else until that one
 * has a warm copy, so that it does not stand still meanwhile.
 */
export function share(count: number, claims: readonly Claim[], standbys = 0): ReadonlyMap<string, Share> {
  const members = [...claims].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (members.length === 0) return new Map();
  const owners = new Owners(count, members);
  owners.settle();
  const awaited = standbys > 0 ? owners.putOff() : new Map<string, readonly number[]>();
  const copies = new Copies(count, members, owners.shares);
  copies.settle(Math.min(standbys, members.length - 1));
  const shared = members.map(({ id }): [string, Share] => {
    const owned = owners.of(id);
    const all = new Set([...copies.of(id), ...(awaited.get(id) ?? [])]);
    return [id, { owned, copies: [...all].sort(byValue) }];
  });
  return new Map(shared);
}

const byValue = (a: number, b: number): number => a - b;

/** Hands out the numbers themselves. */
class Owners {
  readonly shares: ReadonlyMap<string, Set<number>>;
  readonly #members: readonly Claim[];
  readonly #held: ReadonlyMap<string, readonly number[]>;
  readonly #free: Set<number>;
  readonly #least: number;
  /** How many members may have one more than the least. */
  #larger: number;

  constructor(count: number, members: readonly Claim[]) {
    this.#members = members;
    this.#held = holdings(count, members);
    this.shares = new Map(members.map(({ id }) => [id, new Set<number>()]));
    this.#free = new Set(Array.from({ length: count }, (_, number) => number));
    this.#least = Math.floor(count / members.length);
    this.#larger = count % members.length;
  }

  of(id: string): readonly number[] {
    return [...(this.shares.get(id) ?? [])].sort(byValue);
  }

  settle(): void {
    // Those who hold the most have the larger shares, so that the fewest numbers move.
    const bySize = this.#members.toSorted(
      (a, b) => this.#holdingOf(b.id).length - this.#holdingOf(a.id).length,
    );
    for (const { id } of bySize) {
      for (const number of this.#mostOwn(id)) if (this.#hasRoom(id)) this.#give(id, number);
    }
    for (const number of this.#warmFirst()) {
      const best = this.#roomiest(this.#members.filter(({ warm }) => warm.includes(number)));
      if (best !== null) this.#give(best, number);
    }
    for (const number of this.#free) {
      const best = this.#roomiest(this.#members);
      if (best !== null) this.#give(best, number);
    }
  }

  /** Leaves with living members what would go to one without a warm copy; tells who waits for which numbers. */
  putOff(): ReadonlyMap<string, readonly number[]> {
    const awaited = new Map<string, readonly number[]>();
    for (const { id, warm } of this.#members) {
      const own = this.#holdingOf(id);
      const cold = this.of(id).filter((number) => !own.includes(number) && !warm.includes(number));
      const put = cold.filter((number) => this.#returned(number, id));
      awaited.set(id, put);
    }
    return awaited;
  }

  #returned(number: number, from: string): boolean {
    const holder = this.#members.find(({ id }) => this.#holdingOf(id).includes(number));
    if (holder === undefined) return false;
    this.shares.get(from)?.delete(number);
    this.shares.get(holder.id)?.add(number);
    return true;
  }

  #holdingOf(id: string): readonly number[] {
    return this.#held.get(id) ?? [];
  }

  /** What it holds, those last that somebody who holds less has a warm copy of: they are given up first. */
  #mostOwn(id: string): readonly number[] {
    const held = this.#holdingOf(id);
    const others = this.#members.filter((other) => this.#holdingOf(other.id).length < held.length);
    const isEasy = (number: number): number => Number(others.some(({ warm }) => warm.includes(number)));
    return held.toSorted((a, b) => isEasy(a) - isEasy(b) || a - b);
  }

  /** The numbers without an owner, those first that the fewest have a warm copy of. */
  #warmFirst(): readonly number[] {
    const copies = (number: number): number =>
      this.#members.filter(({ warm }) => warm.includes(number)).length;
    return [...this.#free].toSorted((a, b) => copies(a) - copies(b) || a - b);
  }

  #sizeOf(id: string): number {
    return this.shares.get(id)?.size ?? 0;
  }

  #hasRoom(id: string): boolean {
    const size = this.#sizeOf(id);
    return size < this.#least || (size === this.#least && this.#larger > 0);
  }

  #roomiest(members: readonly Claim[]): string | null {
    const open = members.filter(({ id }) => this.#hasRoom(id));
    return open.toSorted((a, b) => this.#sizeOf(a.id) - this.#sizeOf(b.id))[0]?.id ?? null;
  }

  #give(id: string, number: number): void {
    if (this.#sizeOf(id) === this.#least) this.#larger -= 1;
    this.shares.get(id)?.add(number);
    this.#free.delete(number);
  }
}

/** Where two claim a number, the one who was given it later holds it. */
function holdings(count: number, members: readonly Claim[]): ReadonlyMap<string, readonly number[]> {
  const holder = new Map<number, Claim>();
  for (const claim of members) {
    for (const number of claim.owned) {
      const other = holder.get(number);
      const isValid = Number.isInteger(number) && number >= 0 && number < count;
      if (isValid && (other === undefined || claim.generation > other.generation)) holder.set(number, claim);
    }
  }
  const held = new Map<string, number[]>(members.map(({ id }) => [id, []]));
  for (const [number, { id }] of [...holder].sort(([a], [b]) => a - b)) held.get(id)?.push(number);
  return held;
}

/** Hands out the copies. */
class Copies {
  readonly #count: number;
  readonly #members: readonly Claim[];
  readonly #owned: ReadonlyMap<string, ReadonlySet<number>>;
  readonly #copies: ReadonlyMap<string, Set<number>>;

  constructor(count: number, members: readonly Claim[], owned: ReadonlyMap<string, ReadonlySet<number>>) {
    this.#count = count;
    this.#members = members;
    this.#owned = owned;
    this.#copies = new Map(members.map(({ id }) => [id, new Set<number>()]));
  }

  of(id: string): ReadonlySet<number> {
    return this.#copies.get(id) ?? new Set();
  }

  settle(each: number): void {
    for (let number = 0; number < this.#count; number++) this.#keep(number, each);
    for (let number = 0; number < this.#count; number++) {
      for (let left = each - this.#countOf(number); left > 0; left--) this.#add(number);
    }
    for (let moves = this.#count * each; moves > 0 && this.#even(); moves--);
  }

  /** Those who keep a copy go on, warm ones first. */
  #keep(number: number, each: number): void {
    const keepers = this.#members.filter(({ copies }) => copies.includes(number));
    const isWarm = ({ warm }: Claim): number => Number(warm.includes(number));
    const able = keepers.filter(({ id }) => this.#isOpen(id, number));
    const first = able.toSorted((a, b) => isWarm(b) - isWarm(a)).slice(0, each);
    for (const { id } of first) this.#copies.get(id)?.add(number);
  }

  #add(number: number): void {
    const open = this.#members.filter(({ id }) => this.#isOpen(id, number));
    const least = open.toSorted((a, b) => this.of(a.id).size - this.of(b.id).size)[0];
    if (least !== undefined) this.#copies.get(least.id)?.add(number);
  }

  #isOpen(id: string, number: number): boolean {
    return this.#owned.get(id)?.has(number) !== true && !this.of(id).has(number);
  }

  #countOf(number: number): number {
    return this.#members.filter(({ id }) => this.of(id).has(number)).length;
  }

  /** Moves a copy from whoever keeps two more than another; false where there is none to move. */
  #even(): boolean {
    const bySize = this.#members.toSorted((a, b) => this.of(b.id).size - this.of(a.id).size);
    for (const from of bySize) {
      for (const to of bySize.toReversed()) {
        if (this.of(from.id).size - this.of(to.id).size < 2) break;
        const open = [...this.of(from.id)].filter((one) => this.#isOpen(to.id, one));
        const number = open.find((one) => !from.copies.includes(one)) ?? open[0];
        if (number === undefined) continue;
        this.#copies.get(from.id)?.delete(number);
        this.#copies.get(to.id)?.add(number);
        return true;
      }
    }
    return false;
  }
}

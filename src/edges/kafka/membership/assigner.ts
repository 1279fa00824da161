/** Shares partition numbers among the members of a group: evenly, and each keeps what it has as far as that allows. */
import type { Assigner, GroupMember, PartitionAssigner } from "kafkajs";
import { kafkajs } from "../patches/patches.ts";

/** A member, and what it says it holds since which generation of the group. */
export interface Claim {
  readonly id: string;
  readonly owned: readonly number[];
  readonly generation: number;
}

/** Numbers 0 … count-1 by member. Shares differ by one at most; nobody gives up more than the others' due. */
export function share(count: number, claims: readonly Claim[]): ReadonlyMap<string, readonly number[]> {
  const members = [...claims].sort((a, b) => (a.id < b.id ? -1 : 1));
  const shares = new Map<string, number[]>(members.map(({ id }) => [id, []]));
  if (members.length === 0) return shares;

  const held = holdings(count, members);
  const least = Math.floor(count / members.length);
  let larger = count % members.length;
  const free = new Set(Array.from({ length: count }, (_, number) => number));
  const isFull = new Set<string>();

  // Those who hold the most have the larger shares, so that the fewest numbers move.
  const bySize = members
    .map(({ id }) => ({ id, has: held.get(id) ?? [] }))
    .sort((a, b) => b.has.length - a.has.length);
  for (const { id, has } of bySize) {
    const isLarger = larger > 0 && has.length > least;
    if (isLarger) larger -= 1;
    const kept = has.slice(0, least + (isLarger ? 1 : 0));
    for (const number of kept) free.delete(number);
    shares.set(id, kept);
    if (isLarger) isFull.add(id);
  }

  const left = [...free];
  for (const mine of shares.values()) mine.push(...left.splice(0, Math.max(0, least - mine.length)));
  for (const [id, mine] of shares) if (!isFull.has(id)) mine.push(...left.splice(0, 1));
  return shares;
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

const NAME = "tripline-sticky";
const VERSION = 1;

/** As kafkajs wants it. `owned` tells, at each join, what this member holds. */
export function stickyAssigner(
  partitionsOf: (topic: string) => number,
  owned: () => Omit<Claim, "id">,
): PartitionAssigner {
  const { AssignerProtocol } = kafkajs();
  return (): Assigner => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(owned())),
      }),
    }),
    assign: async ({ members, topics }) => {
      const counts = topics.map((topic) => ({ topic, count: partitionsOf(topic) }));
      const shares = share(Math.max(0, ...counts.map(({ count }) => count)), members.map(claimOf));
      return [...shares].map(([memberId, numbers]) => {
        const entries = counts.map(({ topic, count }) => [topic, numbers.filter((number) => number < count)]);
        const assignment: Record<string, number[]> = Object.fromEntries(entries);
        return {
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: VERSION,
            assignment,
            userData: Buffer.alloc(0),
          }),
        };
      });
    },
  });
}

/** What a member says of itself; one that says nothing we understand holds nothing. */
function claimOf({ memberId, memberMetadata }: GroupMember): Claim {
  const nothing = { id: memberId, owned: [], generation: -1 };
  try {
    const said = kafkajs().AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData;
    const read: unknown = JSON.parse(said?.toString() ?? "null");
    if (typeof read !== "object" || read === null) return nothing;
    const owned: unknown = Reflect.get(read, "owned");
    const generation: unknown = Reflect.get(read, "generation");
    if (!Array.isArray(owned) || typeof generation !== "number") return nothing;
    return { id: memberId, owned: owned.filter((each) => typeof each === "number"), generation };
  } catch {
    return nothing;
  }
}

/** Sharing, as kafkajs wants it: members say what they hold when they join, and one of them shares the numbers. */
import type { Assigner, GroupMember, PartitionAssigner } from "kafkajs";
import { kafkajs } from "../patches/patches.ts";
import { type Claim, type Share, share } from "./sharing.ts";

const NAME = "tripline-sticky";
const VERSION = 1;

export interface Shared {
  /** Topics and how many partitions each has; the numbers of all are shared together. */
  readonly topics: ReadonlyMap<string, number>;
  /** The topic whose numbers say of which others a member keeps copies, and how many copies there are of each. */
  readonly standbys: { readonly topic: string; readonly count: number } | null;
}

/** `own` tells, at each join, what this member holds. */
export function stickyAssigner(shared: Shared, own: () => Omit<Claim, "id">): PartitionAssigner {
  const { AssignerProtocol } = kafkajs();
  const { topics: counts, standbys } = shared;
  return (): Assigner => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(own())),
      }),
    }),
    assign: async ({ members }) => {
      const shares = share(Math.max(0, ...counts.values()), members.map(claimOf), standbys?.count);
      return [...shares].map(([memberId, mine]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: assignmentOf(mine),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });

  function assignmentOf({ owned, copies }: Share): Record<string, number[]> {
    const entries = Array.from(counts, ([topic, count]): [string, number[]] => [
      topic,
      owned.filter((number) => number < count),
    ]);
    if (standbys !== null) entries.push([standbys.topic, [...copies]]);
    return Object.fromEntries(entries);
  }
}

/** What a member says of itself; one that says nothing we understand holds nothing. */
function claimOf({ memberId, memberMetadata }: GroupMember): Claim {
  const said = saidBy(memberMetadata);
  const numbers = (name: string): readonly number[] => {
    const list: unknown = Reflect.get(said, name);
    return Array.isArray(list) ? list.filter((each) => typeof each === "number") : [];
  };
  const generation: unknown = Reflect.get(said, "generation");
  return {
    id: memberId,
    owned: numbers("owned"),
    generation: typeof generation === "number" ? generation : -1,
    copies: numbers("copies"),
    warm: numbers("warm"),
  };
}

function saidBy(metadata: Buffer): object {
  try {
    const said = kafkajs().AssignerProtocol.MemberMetadata.decode(metadata)?.userData;
    const read: unknown = JSON.parse(said?.toString() ?? "null");
    return typeof read === "object" && read !== null ? read : {};
  } catch {
    return {};
  }
}

/**
 * Membership in a consumer group, and no more: a kafkajs consumer whose every partition is paused before it could fetch,
 * so that it joins, tells that it lives, and hears which numbers are its own. Records are read by reader/.
 */
import type { Consumer } from "kafkajs";
import { LogError, type Member, type Membership } from "../../../runtime/ports.ts";
import { type Client, patiently } from "../client.ts";
import { asLogError } from "../faults.ts";
import { type Shared, stickyAssigner } from "./assigner.ts";

const SESSION_TIMEOUT_MS = 6_000;
/** How long the group waits for members that live to join again. */
const REBALANCE_TIMEOUT_MS = 10_000;
const COMPLAIN_MS = 30_000;
const LIVING = {
  rebalanceTimeout: REBALANCE_TIMEOUT_MS,
  // At every look: kafkajs counts by the wall clock, and would fall silent for an hour if that is set back by one.
  heartbeatInterval: Number.NEGATIVE_INFINITY,
  // With all partitions paused, kafkajs sleeps for this long between two looks at the group; nor does it leave before.
  maxWaitTimeInMs: 100,
  allowAutoTopicCreation: false,
};
const PATIENCE = { initialRetryTime: 100, multiplier: 1.5, maxRetryTime: 1_000, retries: 10 };

export async function join(
  client: Client,
  asked: Shared & { readonly group: string; readonly member: Member },
): Promise<Membership> {
  const { group, topics, standbys, member } = asked;
  const subscribed = [...topics.keys(), ...(standbys === null ? [] : [standbys.topic])];
  let owned: readonly number[] = [];
  let generation = -1;
  let isOutdated = false;
  const tell = new Telling(member);
  const complaint = new Complaint(client, group);
  let hasLeft = false;

  const { kafka, connections } = client.kafka();
  const consumer = kafka.consumer({
    groupId: group,
    partitionAssigners: [
      stickyAssigner(asked, () => {
        const copies = member.copies?.() ?? [];
        const warm = copies.filter(({ isWarm }) => isWarm);
        isOutdated = false;
        return { owned, generation, copies: copies.map(numberOf), warm: warm.map(numberOf) };
      }),
    ],
    ...LIVING,
    sessionTimeout: client.settings.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
    retry: { ...PATIENCE, restartOnFailure: async () => !hasLeft },
  });

  // These listeners run at once, before kafkajs goes on to fetch.
  consumer.on(consumer.events.HEARTBEAT, ({ payload }) => {
    generation = payload.groupGenerationId;
    // kafkajs joins anew, under the id it has, when it hears this of the broker.
    if (isOutdated) throw new Rebalancing();
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
    consumer.pause(subscribed.map((topic) => ({ topic })));
    owned = numbersIn(memberAssignment, [...topics.keys()]);
    complaint.settle();
    tell.assigned(owned, standbys === null ? [] : numbersIn(memberAssignment, [standbys.topic]));
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (payload.restart) complaint.hear(payload.error);
    else tell.failed(asLogError(`the membership in ${group} has failed`, payload.error));
  });

  // Whatever kafkajs is about, and whoever answers: afterwards it has nothing to go on with.
  const leave = async () => {
    hasLeft = true;
    tell.stop();
    await patiently(consumer.disconnect());
    connections.end();
  };
  try {
    await start(consumer, subscribed);
  } catch (fault) {
    await leave();
    throw asLogError(`joining ${group}`, fault);
  }
  const refresh = () => {
    isOutdated = true;
  };
  return { leave, refresh };
}

const numberOf = ({ partition }: { readonly partition: number }): number => partition;

const numbersIn = (
  assignment: Readonly<Record<string, readonly number[]>>,
  topics: readonly string[],
): readonly number[] =>
  [...new Set(topics.flatMap((topic) => assignment[topic] ?? []))].sort((a, b) => a - b);

/** As the broker's word for it reads to kafkajs. */
class Rebalancing extends Error {
  override readonly name = "Rebalancing";
  readonly type = "REBALANCE_IN_PROGRESS";
}

async function start(consumer: Consumer, topics: string[]): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics });
  await consumer.run({ autoCommit: false, eachBatch: async () => {} });
}

/** kafkajs joins again by itself, which is ordinary; where that does not help for long, a person is told. */
class Complaint {
  readonly #client: Client;
  readonly #group: string;
  #since: number | null = null;
  #isMade = false;

  constructor(client: Client, group: string) {
    this.#client = client;
    this.#group = group;
  }

  hear(reason: Error): void {
    this.#since ??= performance.now();
    // While no broker answers, that is what is said.
    if (this.#isMade || this.#client.reach.isAway || performance.now() - this.#since < COMPLAIN_MS) return;
    this.#isMade = true;
    this.#client.warn(`the group ${this.#group} cannot be joined: ${reason.message}; trying again`);
  }

  settle(): void {
    if (this.#isMade) this.#client.warn(`the group ${this.#group} is joined again`);
    this.#since = null;
    this.#isMade = false;
  }
}

/** Tells the member one set at a time, and of those that came meanwhile only the last. */
class Telling {
  readonly #member: Member;
  #next: Parameters<Member["assigned"]> | null = null;
  #isBusy = false;
  #isStopped = false;

  constructor(member: Member) {
    this.#member = member;
  }

  assigned(...sets: Parameters<Member["assigned"]>): void {
    this.#next = sets;
    if (!this.#isBusy) void this.#tellAll();
  }

  failed(error: LogError): void {
    if (!this.#isStopped) this.#member.failed(error);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #tellAll(): Promise<void> {
    this.#isBusy = true;
    try {
      while (this.#next !== null && !this.#isStopped) {
        const sets = this.#next;
        this.#next = null;
        await this.#member.assigned(...sets);
      }
    } catch (fault) {
      this.failed(
        new LogError("the member could not take its partitions", { retriable: true, cause: fault }),
      );
    } finally {
      this.#isBusy = false;
    }
  }
}

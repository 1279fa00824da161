/**
 * Membership in a consumer group, and no more: a kafkajs consumer whose every partition is paused before it could fetch,
 * so that it joins, tells that it lives, and hears which numbers are its own. Records are read by reader/.
 */
import type { Consumer } from "kafkajs";
import { LogError, type Member, type Membership } from "../../../runtime/ports.ts";
import type { Client } from "../client.ts";
import { asLogError } from "../faults.ts";
import { stickyAssigner } from "./assigner.ts";

const SESSION_TIMEOUT_MS = 6_000;
/** How long the group waits for members that live to join again. */
const REBALANCE_TIMEOUT_MS = 10_000;
/** With all partitions paused, kafkajs sleeps for this long between two looks at the group. */
const HEARTBEAT_MS = 250;

/** `partitionsOf` tells the partition counts of the topics. */
export async function join(
  client: Client,
  asked: { readonly group: string; readonly topics: ReadonlyMap<string, number>; readonly member: Member },
): Promise<Membership> {
  const { group, topics, member } = asked;
  let owned: readonly number[] = [];
  let generation = -1;
  const tell = new Telling(member);

  const consumer = client.kafka.consumer({
    groupId: group,
    partitionAssigners: [
      stickyAssigner(
        (topic) => topics.get(topic) ?? 0,
        () => ({ owned, generation }),
      ),
    ],
    sessionTimeout: client.settings.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    // At every look: kafkajs counts by the wall clock, and would fall silent for an hour if that is set back by one.
    heartbeatInterval: Number.NEGATIVE_INFINITY,
    maxWaitTimeInMs: HEARTBEAT_MS,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 100, multiplier: 1.5, maxRetryTime: 1_000, retries: 10 },
  });

  // These listeners run at once, before kafkajs goes on to fetch.
  consumer.on(consumer.events.HEARTBEAT, ({ payload }) => {
    generation = payload.groupGenerationId;
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    consumer.pause([...topics.keys()].map((topic) => ({ topic })));
    owned = [...new Set(Object.values(payload.memberAssignment).flat())].sort((a, b) => a - b);
    tell.assigned(owned);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) tell.failed(asLogError(`the membership in ${group} has failed`, payload.error));
  });

  await start(consumer, group, [...topics.keys()]);
  return {
    leave: async () => {
      tell.stop();
      await consumer.disconnect();
    },
  };
}

async function start(consumer: Consumer, group: string, topics: string[]): Promise<void> {
  try {
    await consumer.connect();
    await consumer.subscribe({ topics });
    await consumer.run({ autoCommit: false, eachBatch: async () => {} });
  } catch (fault) {
    await consumer.disconnect().catch(() => {});
    throw asLogError(`joining ${group}`, fault);
  }
}

/** Tells the member one set at a time, and of those that came meanwhile only the last. */
class Telling {
  readonly #member: Member;
  #next: readonly number[] | null = null;
  #isBusy = false;
  #isStopped = false;

  constructor(member: Member) {
    this.#member = member;
  }

  assigned(partitions: readonly number[]): void {
    this.#next = partitions;
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
        const partitions = this.#next;
        this.#next = null;
        await this.#member.assigned(partitions);
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

/** The events of a round, and the automations that are shown them. */
import { randomUUID } from "node:crypto";
import type { Automation } from "../../src/core/model/automation.ts";
import { partitionOf } from "../../src/runtime/partitioner.ts";
import { automation, eventTrigger } from "../core/automations.ts";
import { chance, Sender } from "../core/sent.ts";
import type { Settings } from "./settings.ts";

export interface Workload {
  readonly name: string;
  /** How much of the events some trigger is interested in. */
  readonly share: number;
  /** One for all resources, or as many as share the resources, each with an event name of its own. */
  readonly automations: number;
}

/** A record of the topic of events, as any producer writes it. */
export interface Sending {
  readonly key: string;
  readonly value: Buffer;
  readonly partition: number;
  readonly timestamp: string;
}

const THRESHOLD = 5;
const SIGHTINGS = 20;
/** A resource of interest is seen every 20 seconds on average, so that one sighting in about twelve fires. */
const EVERY_MS = 20_000;
/** Ahead of the clock: the events' own time is all there is, whenever and however fast they are read. */
const AHEAD_MS = 86_400_000;

/** How the resource is called by which the last events of a round are told, in each partition. */
export const lastOf = (round: number): string => `last.${round}.`;

/** Five sightings within 60 seconds of a resource run a deployment, which is told the resource. */
export function automationsOf({ automations }: Workload): readonly Automation[] {
  return Array.from({ length: automations }, (_, i) => {
    const expect = [nameOf(i, automations)];
    const trigger = eventTrigger(randomUUID(), { expect, threshold: THRESHOLD });
    return {
      ...automation(trigger, { host: "{{ event.resource.id }}" }),
      id: randomUUID(),
      name: `bench ${i}`,
    };
  });
}

const nameOf = (i: number, automations: number): string =>
  automations === 1 ? "seen" : `seen.${i % automations}`;

/** One round after the other; the same for every source of a workload. */
export class Source {
  readonly #workload: Workload;
  readonly #settings: Settings;
  readonly #sender = new Sender();
  readonly #next = chance(1);
  #at: number;
  #round = 0;

  constructor(workload: Workload, settings: Settings, startMs: number) {
    this.#workload = workload;
    this.#settings = settings;
    this.#at = startMs + AHEAD_MS;
  }

  /** The events of the next round; the last of each partition make something run, by which its end is told. */
  round(): readonly Sending[] {
    const { events, resources, partitions } = this.#settings;
    const { share, automations } = this.#workload;
    const interesting = Math.ceil(events * share);
    const among = Math.max(1, Math.min(resources, Math.floor(interesting / SIGHTINGS)));
    const step = (EVERY_MS / among) * share;
    const start = this.#at;
    const sendings: Sending[] = [];
    for (let i = 0; i < events; i++) {
      this.#at = start + Math.floor(i * step);
      const isInteresting = Math.floor((i + 1) * share) > Math.floor(i * share);
      const k = Math.floor(this.#next() * (isInteresting ? among : resources));
      const name = isInteresting ? nameOf(k, automations) : "looked";
      sendings.push(this.#send(name, `host.${k}`));
    }
    for (let partition = 0; partition < partitions; partition++) {
      const resource = this.#inPartition(partition);
      for (let i = 0; i < THRESHOLD; i++) sendings.push(this.#send(nameOf(0, automations), resource));
    }
    this.#round += 1;
    return sendings;
  }

  #send(name: string, resource: string): Sending {
    const at = this.#at;
    const { text } = this.#sender.send({ at, name, resource });
    const partition = partitionOf(resource, this.#settings.partitions);
    return { key: resource, value: Buffer.from(text), partition, timestamp: String(at) };
  }

  #inPartition(partition: number): string {
    for (let i = 0; ; i++) {
      const name = `${lastOf(this.#round)}${partition}.${i}`;
      if (partitionOf(name, this.#settings.partitions) === partition) return name;
    }
  }
}

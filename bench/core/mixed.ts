/**
 * Automations of five kinds, each told from its likes in another way: by event name, by a label, by a name's prefix,
 * by a related resource. However many there are, each event interests one, and each has the same to do.
 */
import type { Automation } from "../../src/core/model/automation.ts";
import { seconds } from "../../src/core/model/time.ts";
import type { Trigger } from "../../src/core/model/trigger.ts";
import { automation, composite, eventTrigger } from "./automations.ts";
import { chance, Sender, type Sent, type Told } from "./sent.ts";

/** A kind of automation: the n-th of them, and what it is shown. */
interface Kind {
  trigger(n: number): Trigger;
  /** Of one resource, in turn. */
  event(n: number, turn: number): Omit<Told, "at" | "resource">;
}

const isEven = (turn: number): boolean => turn % 2 === 0;

const kinds: readonly Kind[] = [
  {
    trigger: (n) => eventTrigger(`by-name-${n}`, { expect: [`shop.${n}.sold`], threshold: 5 }),
    event: (n) => ({ name: `shop.${n}.sold` }),
  },
  {
    trigger: (n) =>
      eventTrigger(`by-label-${n}`, {
        match: { "prefect.resource.id": "host.*", team: `team-${n}` },
        after: ["host.down"],
        expect: ["host.up"],
      }),
    event: (n, turn) => ({ name: isEven(turn) ? "host.down" : "host.up", labels: { team: `team-${n}` } }),
  },
  {
    trigger: (n) =>
      eventTrigger(`by-prefix-${n}`, {
        after: [`line.${n}.started.*`],
        expect: [`line.${n}.ended.*`],
        posture: "Proactive",
      }),
    event: (n, turn) => ({ name: isEven(turn) ? `line.${n}.started.well` : `line.${n}.ended.well` }),
  },
  {
    trigger: (n) =>
      eventTrigger(`by-related-${n}`, {
        expect: ["prefect.flow-run.Failed"],
        matchRelated: { "prefect.resource.role": "flow", "prefect.resource.id": `prefect.flow.${n}` },
        threshold: 5,
      }),
    event: (n) => ({ name: "prefect.flow-run.Failed", flow: `prefect.flow.${n}` }),
  },
  {
    trigger: (n) =>
      composite("compound", `compound-${n}`, [
        eventTrigger(`left-${n}`, { expect: [`door.${n}.opened`], within: seconds(0) }),
        eventTrigger(`right-${n}`, { expect: [`light.${n}.lit`], within: seconds(0) }),
      ]),
    event: (n, turn) => ({ name: isEven(turn) ? `door.${n}.opened` : `light.${n}.lit` }),
  },
];

/** One of each kind at least; one alone is one of each in a chain of its own. */
export function mixedAutomations(scale: number): readonly (readonly Automation[])[] {
  if (scale === 1) return kinds.map((kind) => [automation(kind.trigger(0))]);
  const each = scale / kinds.length;
  const numbers = Array.from({ length: each }, (_, n) => n);
  return [kinds.flatMap((kind) => numbers.map((n) => automation(kind.trigger(n))))];
}

const RESOURCES = 10_000;

export function* mixedEvents(scale: number, count: number, start: number): Iterable<Sent> {
  const each = Math.max(1, scale / kinds.length);
  const sender = new Sender();
  const next = chance(3);
  const turns = new Uint32Array(RESOURCES);
  for (let i = 0; i < count; i++) {
    const resource = Math.floor(next() * RESOURCES);
    const kind = resource % kinds.length;
    const turn = turns[resource] ?? 0;
    turns[resource] = turn + 1;
    const told = kinds[kind]?.event(Math.floor(resource / kinds.length) % each, turn);
    if (told === undefined) continue;
    const chain = scale === 1 ? kind : 0;
    yield sender.send({ ...told, chain, at: start + i * 4, resource: `host.${resource}` });
  }
}

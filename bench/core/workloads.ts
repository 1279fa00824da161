/** What is measured: the automations of each workload, and the events they are shown. */
import type { Automation } from "../../src/core/model/automation.ts";
import { seconds } from "../../src/core/model/time.ts";
import { automation, composite, eventTrigger } from "./automations.ts";
import { mixedAutomations, mixedEvents } from "./mixed.ts";
import { chance, Sender, type Sent } from "./sent.ts";

export interface Variant {
  readonly name: string;
  /** One chain for each list. */
  readonly automations: readonly (readonly Automation[])[];
  /** Taken before the clock runs. */
  readonly fill: number;
  /** How many events are taken while it runs. */
  readonly count: number;
  /** The same at every call. */
  readonly events: () => Iterable<Sent>;
  /** The file that says the same to Esper. */
  readonly epl: string | null;
}

/** Variants that are compared in one process, round by round. */
export interface Workload {
  readonly name: string;
  readonly variants: readonly Variant[];
}

export function workloads(count: number): readonly Workload[] {
  const one = (variant: Variant): Workload => ({ name: variant.name, variants: [variant] });
  return [
    { name: "automations", variants: [1, 100, 10_000].map((scale) => mixed(scale, count)) },
    one(threshold(10_000, count)),
    one(threshold(1_000_000, count)),
    one(pair({ name: "A then B (after, expect)", trigger: THEN, late: 0.9, epl: "then" }, count)),
    one(pair({ name: "A then B (sequence)", trigger: SEQUENCE, late: 0.9, epl: "then" }, count)),
    one(pair({ name: "A and no B", trigger: ABSENCE, late: 0.1, epl: "absence" }, count)),
    { name: "templates", variants: templates(Math.ceil(count / 4)) },
  ];
}

const START = Date.UTC(2026, 0, 1);

const mixed = (scale: number, count: number): Variant => ({
  name: `${scale.toLocaleString("en")} automation${scale === 1 ? "" : "s"}`,
  automations: mixedAutomations(scale),
  fill: 0,
  count,
  events: () => mixedEvents(scale, count, START),
  epl: null,
});

/** Three sightings of a key in 60 seconds on average, so that one in about twelve fires. */
function threshold(keys: number, count: number): Variant {
  const trigger = eventTrigger("threshold", { expect: ["seen"], threshold: 5 });
  const fill = keys > 100_000 ? keys : 0;
  return {
    name: `5 in 60 s, ${keys.toLocaleString("en")} keys`,
    automations: [[automation(trigger)]],
    fill,
    count,
    *events() {
      const sender = new Sender();
      const next = chance(1);
      const step = 20_000 / keys;
      for (let i = 0; i < fill + count; i++) {
        const key = i < fill ? (i * STRIDE) % keys : Math.floor(next() * keys);
        yield sender.send({ at: START + Math.floor(i * step), name: "seen", resource: `host.${key}` });
      }
    },
    epl: "threshold",
  };
}

/** Prime, so that keys come in no order that a cache would like. */
const STRIDE = 7919;
const KEYS = 10_000;

const THEN = eventTrigger("then", { after: ["started"], expect: ["ended"] });
const ABSENCE = eventTrigger("absence", { after: ["started"], expect: ["ended"], posture: "Proactive" });
const SEQUENCE = composite("sequence", "sequence", [
  eventTrigger("first", { expect: ["started"], within: seconds(0) }),
  eventTrigger("second", { expect: ["ended"], within: seconds(0) }),
]);

/** 10,000 resources, each started and ended again and again; some end after 40 seconds, the others after 80. */
function pair(
  told: {
    readonly name: string;
    readonly trigger: Parameters<typeof automation>[0];
    /** How many of the ends are late. */
    readonly late: number;
    readonly epl: string;
  },
  count: number,
): Variant {
  return {
    name: told.name,
    automations: [[automation(told.trigger)]],
    fill: 0,
    count,
    *events() {
      const sender = new Sender();
      const next = chance(2);
      const standing = new Uint8Array(KEYS);
      for (let visit = 0, sent = 0; sent < count; visit++) {
        const key = (visit * STRIDE) % KEYS;
        const was = standing[key] ?? IDLE;
        const late = was === STARTED && next() < told.late;
        standing[key] = was === IDLE ? STARTED : late ? LATE : IDLE;
        if (late) continue;
        sent += 1;
        const name = was === IDLE ? "started" : "ended";
        yield sender.send({ at: START + visit * 4, name, resource: `job.${key}` });
      }
    },
    epl: told.epl,
  };
}

const IDLE = 0;
const STARTED = 1;
const LATE = 2;

/** Each event fires, and its run is given parameters. */
function templates(count: number): readonly Variant[] {
  const firing = (name: string, parameters: Parameters<typeof automation>[1]): Variant => ({
    name,
    automations: [[automation(eventTrigger("each", { expect: ["seen"], within: seconds(0) }), parameters)]],
    fill: 0,
    count,
    *events() {
      const sender = new Sender();
      for (let i = 0; i < count; i++)
        yield sender.send({ at: START + i, name: "seen", resource: `host.${(i * STRIDE) % KEYS}` });
    },
    epl: null,
  });
  return [
    firing("each fires, plain parameters", { host: "all", text: "it happened" }),
    firing("each fires, fast templates", {
      host: "{{ event.resource.id }}",
      text: "{{ event.event }} at {{ event.resource.id }}",
    }),
    firing("each fires, Jinja templates", {
      host: "{{ event.resource.id | upper }}",
      text: "{% if event.payload.attempt > 3 %}again{% else %}{{ event.event }}{% endif %} at {{ event.resource['prefect.resource.id'] }}",
    }),
  ];
}

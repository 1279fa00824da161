/** A file of events run through automations: what would have fired and run, and when. */
import { stat } from "node:fs/promises";
import type { Automation } from "../../../core/model/automation.ts";
import type { Event } from "../../../core/model/event.ts";
import { formatInstant, type Instant, later } from "../../../core/model/time.ts";
import type { Definitions } from "../../../define/define.ts";
import { type Fired, type Open, Replay, type ReplayOptions } from "../../../runtime/replay/replay.ts";
import type { Screen } from "../../screen.ts";
import type { Variables } from "../../variables.ts";
import { eventOf, faultsOf } from "./event-line.ts";
import { type Block, blocksOf, type Line } from "./lines.ts";
import { Progress } from "./progress.ts";

export interface TimelineOptions {
  readonly definitions: Definitions;
  readonly events: string;
  readonly variables: Variables;
  /** Events after this time are left out; time passes until then. Null: it ends with the last event. */
  readonly until: Instant | null;
  /** Whether what firings lead to comes back as events, as it does live. */
  readonly feedback: boolean;
  readonly screen: Screen | null;
}

/** What is told on the way. */
export interface Listener {
  fired(fired: Fired, replay: Replay): void;
  /** A line that is no event, and why. */
  badLine(problem: string): void;
  readonly observe?: ReplayOptions["observe"];
}

export interface Summary {
  readonly events: number;
  readonly badLines: number;
  /** Events that came in before the one above them: taken when that one was. */
  readonly outOfOrder: number;
  readonly firings: number;
  readonly from: Instant | null;
  readonly to: Instant | null;
  /** Whether events after `until` were left out. */
  readonly endsEarly: boolean;
  readonly open: Open;
}

/** Throws the system's error where the file cannot be read. */
export async function runTimeline(options: TimelineOptions, listener: Listener): Promise<Summary> {
  const { size } = await stat(options.events);
  const progress = new Progress(options.screen, size);
  const timeline = new Timeline(options, {
    ...listener,
    fired: (fired, replay) => {
      progress.clear();
      listener.fired(fired, replay);
    },
    badLine: (problem) => {
      progress.clear();
      listener.badLine(problem);
    },
  });
  for await (const block of blocksOf(options.events)) {
    const before = timeline.events;
    timeline.takeBlock(block);
    progress.add({ bytes: block.bytes, events: timeline.events - before });
    if (timeline.endsEarly) break;
  }
  progress.clear();
  return timeline.end();
}

class Timeline {
  events = 0;
  /** An event came in after the end that was asked for. */
  endsEarly = false;
  readonly #options: TimelineOptions;
  readonly #listener: Listener;
  readonly #replay: Replay;
  #badLines = 0;
  #outOfOrder = 0;
  #firings = 0;
  #from: Instant | null = null;
  #now: Instant | null = null;

  constructor(options: TimelineOptions, listener: Listener) {
    this.#options = options;
    this.#listener = listener;
    const { definitions, variables, feedback } = options;
    const { observe } = listener;
    this.#replay = new Replay({
      deployments: new Map(definitions.deployments.map((deployment) => [deployment.id, deployment])),
      variables,
      onFired: (fired) => {
        this.#firings += 1;
        listener.fired(fired, this.#replay);
      },
      comesBack: (event) => (feedback ? event : null),
      ...(observe !== undefined && { observe }),
    });
  }

  takeBlock({ lines }: Block): void {
    for (const line of lines) {
      if (this.endsEarly) return;
      this.#takeLine(line);
    }
  }

  end(): Summary {
    const { until, definitions } = this.#options;
    if (until !== null) this.#advance(until, definitions.automations);
    return {
      events: this.events,
      badLines: this.#badLines,
      outOfOrder: this.#outOfOrder,
      firings: this.#firings,
      from: this.#from,
      to: this.#now,
      endsEarly: this.endsEarly,
      open: this.#replay.open,
    };
  }

  #takeLine(line: Line): void {
    const read = eventOf(line);
    if (read === null) return;
    if (read.ok) {
      this.#takeEvent(read.value);
      return;
    }
    this.#badLines += 1;
    this.#listener.badLine(`line ${line.number}: ${faultsOf(read)}`);
  }

  /** Time never goes back: what came in before the event above it is taken as having come in with that one. */
  #takeEvent(event: Event): void {
    const { until, definitions } = this.#options;
    const at = this.#now === null ? event.received : later(event.received, this.#now);
    if (until !== null && at > until) {
      this.endsEarly = true;
      return;
    }
    if (at > event.received) this.#outOfOrder += 1;
    this.events += 1;
    this.#advance(at, definitions.automations);
    this.#replay.take({ ...event, received: at }, at);
  }

  /** The automations are there from the first moment on. */
  #advance(to: Instant, automations: readonly Automation[]): void {
    if (this.#now === null) {
      this.#from = to;
      this.#replay.define(automations, to);
    }
    this.#now = this.#now === null ? to : later(to, this.#now);
    this.#replay.advance(this.#now);
  }
}

/** One line for people, to stderr. */
export function summaryText(summary: Summary): string {
  const { events, firings, from, to, open, outOfOrder, endsEarly } = summary;
  const span = from === null || to === null ? "" : ` from ${formatInstant(from)} to ${formatInstant(to)}`;
  const parts = [
    `${counted(events, "event")}${span}`,
    counted(firings, "firing"),
    `${counted(open.windows, "window")} still open`,
    ...(open.composites > 0 ? [`${counted(open.composites, "composite")} waiting for more`] : []),
    ...(open.isHolding ? ["some events still wait for those they follow"] : []),
    ...(outOfOrder > 0 ? [`${outOfOrder} out of order, taken as received with the one above`] : []),
    ...(endsEarly ? ["the events after --until are left out"] : []),
  ];
  return `${parts.join("; ")}.`;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

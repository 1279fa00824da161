/** What will go wrong, and when: drawn from the seed before anything starts. */
import { Dice } from "./dice.ts";

export type Role = "evaluator" | "scheduler";

/** One thing that goes wrong. `which` counts the processes of a role from 0. */
export type Fault =
  | { readonly kind: "kill"; readonly role: Role; readonly which: number; readonly awayMs: number }
  | { readonly kind: "kill-all"; readonly role: Role; readonly awayMs: number }
  | { readonly kind: "freeze"; readonly role: Role; readonly which: number; readonly forMs: number }
  | { readonly kind: "freeze-all"; readonly role: Role; readonly forMs: number }
  | { readonly kind: "leave"; readonly role: Role; readonly which: number; readonly awayMs: number }
  | { readonly kind: "join"; readonly role: Role; readonly forMs: number; readonly isKilled: boolean }
  | { readonly kind: "clock" }
  | { readonly kind: "broker-kill" | "broker-stop"; readonly awayMs: number }
  | { readonly kind: "broker-freeze"; readonly forMs: number };

export interface Planned {
  /** After the load has begun. */
  readonly atMs: number;
  readonly fault: Fault;
}

/** `all`: everything; `outage`: long absences, of evaluators and of the broker (P-7); `broker`: nothing else fails. */
export const profiles = ["all", "outage", "broker"] as const;
export type Profile = (typeof profiles)[number];

export interface PlanOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly profile: Profile;
  readonly evaluators: number;
  readonly schedulers: number;
  /** Whether the broker is ours to end. */
  readonly hasBroker: boolean;
}

/** The session of a member ends after 6 s: who stands still for longer comes back as a zombie. */
const NAP_MS = 1_500;
const ZOMBIE_MS = 9_000;
/** Between two faults, by profile. */
const PAUSES_MS = { all: [1_500, 4_000], outage: [8_000, 14_000], broker: [5_000, 12_000] } as const;
/** How long what is away stays away, by profile. */
const AWAY_MS = { all: [100, 2_500], outage: [7_000, 20_000], broker: [100, 8_000] } as const;
/** At the end everything must come to rest, and at the start to its feet. */
const QUIET_MS = 2_000;

export function planOf(options: PlanOptions): readonly Planned[] {
  const dice = new Dice(options.seed);
  const [least, most] = PAUSES_MS[options.profile];
  const plan: Planned[] = [];
  for (let atMs = dice.between(QUIET_MS, QUIET_MS + least); atMs < options.forMs - QUIET_MS; ) {
    const fault = draw(dice, options);
    if (fault !== null) plan.push({ atMs: Math.round(atMs), fault });
    atMs += dice.between(least, most);
  }
  return plan;
}

/** What may be drawn: how often, of a hundred, and what it is. */
type Draw = readonly [share: number, fault: (drawn: Drawn) => Fault];

interface Drawn {
  readonly role: Role;
  readonly which: number;
  readonly awayMs: number;
  readonly isLong: boolean;
}

const zombieOr = (isLong: boolean, otherwiseMs: number): number => (isLong ? ZOMBIE_MS : otherwiseMs);

const DRAWS: Readonly<Record<Profile, readonly Draw[]>> = {
  all: [
    [36, ({ role, which, awayMs }) => ({ kind: "kill", role, which, awayMs })],
    [5, ({ role, awayMs }) => ({ kind: "kill-all", role, awayMs })],
    [21, ({ role, which, isLong }) => ({ kind: "freeze", role, which, forMs: zombieOr(isLong, NAP_MS) })],
    [10, ({ role, which, awayMs }) => ({ kind: "leave", role, which, awayMs })],
    [10, ({ role, awayMs, isLong }) => ({ kind: "join", role, forMs: 4_000 + awayMs, isKilled: isLong })],
    [4, () => ({ kind: "clock" })],
    [6, ({ awayMs }) => ({ kind: "broker-kill", awayMs })],
    [4, ({ awayMs }) => ({ kind: "broker-stop", awayMs })],
    [4, ({ isLong }) => ({ kind: "broker-freeze", forMs: zombieOr(isLong, NAP_MS) })],
  ],
  outage: [
    [25, ({ role, which, awayMs }) => ({ kind: "kill", role, which, awayMs })],
    [20, ({ role, awayMs }) => ({ kind: "kill-all", role, awayMs })],
    [15, ({ role, which, awayMs }) => ({ kind: "freeze", role, which, forMs: awayMs })],
    [15, ({ role, awayMs }) => ({ kind: "freeze-all", role, forMs: awayMs })],
    [15, ({ awayMs }) => ({ kind: "broker-freeze", forMs: awayMs })],
    [10, ({ awayMs }) => ({ kind: "broker-kill", awayMs })],
  ],
  broker: [
    [70, ({ awayMs }) => ({ kind: "broker-kill", awayMs })],
    [15, ({ awayMs }) => ({ kind: "broker-stop", awayMs })],
    [15, ({ isLong }) => ({ kind: "broker-freeze", forMs: zombieOr(isLong, NAP_MS) })],
  ],
};

/** Null where it would have been the broker, and that is somebody else's. */
function draw(dice: Dice, { profile, evaluators, schedulers, hasBroker }: PlanOptions): Fault | null {
  const isAll = profile === "all";
  const role: Role = isAll && dice.oneIn(4) ? "scheduler" : "evaluator";
  const which = dice.below(role === "evaluator" ? evaluators : schedulers);
  const [least, most] = AWAY_MS[profile];
  const awayMs = Math.round(dice.between(least, most));
  const isLong = dice.oneIn(2);
  let left = dice.below(100);
  const drawn = DRAWS[profile].find(([share]) => (left -= share) < 0);
  const fault = drawn?.[1]({ role, which, awayMs, isLong }) ?? null;
  return fault?.kind.startsWith("broker") === true && !hasBroker ? null : fault;
}

/** As a person would tell it. */
export function telling(fault: Fault): string {
  switch (fault.kind) {
    case "kill":
      return `kill -9 ${fault.role} ${fault.which + 1}, back after ${inSeconds(fault.awayMs)}`;
    case "kill-all":
      return `kill -9 every ${fault.role}, back after ${inSeconds(fault.awayMs)}`;
    case "freeze":
      return `${fault.role} ${fault.which + 1} stands still for ${inSeconds(fault.forMs)}`;
    case "freeze-all":
      return `every ${fault.role} stands still for ${inSeconds(fault.forMs)}`;
    case "leave":
      return `${fault.role} ${fault.which + 1} leaves, back after ${inSeconds(fault.awayMs)}`;
    case "join":
      return `one more ${fault.role} joins for ${inSeconds(fault.forMs)}, then ${fault.isKilled ? "is killed" : "leaves"}`;
    case "clock":
      return "the wall clock that is an hour off is set by two hours";
    case "broker-kill":
      return `kill -9 the broker, back after ${inSeconds(fault.awayMs)}`;
    case "broker-stop":
      return `the broker is stopped, back after ${inSeconds(fault.awayMs)}`;
    case "broker-freeze":
      return `the broker stands still for ${inSeconds(fault.forMs)}`;
  }
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Runs a timeline on the core alone: one task that is home to every key, and no broker. */
import assert from "node:assert/strict";
import { stages } from "../../src/core/core.ts";
import type { Automation } from "../../src/core/model/automation.ts";
import { tableOf } from "../../src/core/model/automation-table.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import { Chain, type Tables } from "../../src/runtime/chain/chain.ts";
import { topology } from "../support/evaluators.ts";
import type { Timeline } from "./timeline.ts";

export function onCore({ start, end, automations, steps }: Timeline): readonly Firing[] {
  const chain = new Chain({ partition: 0, partitions: 1, steps: evaluatorSteps(), tables: tables([]) });
  const firings: Firing[] = [];
  const collect = (): void => {
    firings.push(
      ...chain
        .take()
        .outputs.map(({ value }) => value)
        .filter(isFiring),
    );
  };
  chain.reload(tables(automations), start);
  for (const [i, step] of steps.entries()) {
    if (steps[i - 1]?.at !== step.at) chain.advanceAll(step.at, collect);
    if (step.kind === "redefine") chain.reload(tables(step.automations), step.at);
    else if (step.kind === "event") {
      const { event } = step;
      chain.arrive("order", event.id, { kind: "event", event }, { gathers: false, at: step.at });
      // What is of one instant gathers together, and its order is not that of its coming.
      if (steps[i + 1]?.at !== step.at) chain.takeGathered(step.at);
    }
    collect();
  }
  chain.advanceAll(end, collect);
  collect();
  return firings;
}

function evaluatorSteps() {
  return required(topology.roles["evaluator"]).steps.map(({ name, store, via }) => ({
    name,
    stage: required(stages[name]),
    store,
    via,
  }));
}

const tables = (automations: readonly Automation[]): Tables => ({
  automations: tableOf(automations.map((automation) => ({ automation, revision: 0 }))),
  deployments: new Map(),
  variables: {},
});

const isFiring = (value: unknown): value is Firing =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "firing";

function required<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

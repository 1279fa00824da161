/** The arguments of calls and filters: in order, by name, and spread from lists and dictionaries. */
import { type Args, isDict, itemsOf, type Run, TemplateError, type Value } from "./values.ts";

export type Expression = (run: Run) => Value;

export type Arguments = (run: Run) => Args;

export type Gather = (
  to: { readonly positional: Value[]; readonly named: Map<string, Value> },
  run: Run,
) => void;

/** Arguments in the order in which they stand. */
export function gathered(gather: readonly Gather[], run: Run): Args {
  const args = { positional: [], named: new Map<string, Value>() };
  for (const one of gather) one(args, run);
  return args;
}

export const spreadItems =
  (items: Expression): Gather =>
  (to, run) => {
    for (const item of itemsOf(items(run), run.budget)) to.positional.push(item);
  };

export const spreadNames =
  (fields: Expression): Gather =>
  (to, run) => {
    const value = fields(run);
    if (!isDict(value)) throw new TemplateError("argument after ** must be a mapping");
    run.budget.list(Object.keys(value).length);
    for (const [name, field] of Object.entries(value)) to.named.set(name, field);
  };

export const NO_ARGUMENTS: Arguments = () => ({ positional: [], named: new Map() });

/** `humanize_precisedelta`: a span in years, months, days … down to a smallest unit, as the Python package has it. */
import { percentFormat } from "../format.ts";
import { grouped } from "../numbers.ts";
import { textOf } from "../text.ts";
import { type Args, arg, type Budget, float, itemsOf, TemplateError, type Value } from "../values.ts";

/** From the largest down: how many microseconds, and from how many on it counts as one of the next larger. */
const UNITS = ["year", "month", "day", "hour", "minute", "second", "millisecond", "microsecond"] as const;
type Unit = (typeof UNITS)[number];
type Counts = Record<Unit, number>;

interface Wanted {
  readonly smallest: Unit;
  readonly without: ReadonlySet<Unit>;
  readonly form: string;
  readonly budget: Budget;
}

export function precise(micros: number, args: Args, budget: Budget): string {
  const wanted = wantedBy(args, budget);
  const counts = promoted(divided(micros, wanted), wanted);
  const texts: string[] = [];
  for (const unit of UNITS) {
    const count = counts[unit];
    const isLast = unit === wanted.smallest;
    if (count > 0 || (isLast && texts.length === 0)) texts.push(said(unit, count, wanted));
    if (isLast) break;
  }
  const last = texts.pop() ?? "";
  return texts.length === 0 ? last : `${texts.join(", ")} and ${last}`;
}

function unitNamed(value: Value, budget: Budget): Unit {
  const name = textOf(value, budget).toLowerCase();
  const unit = UNITS.find((one) => `${one}s` === name);
  if (unit === undefined) throw new TemplateError(`there is no unit '${name}'`);
  return unit;
}

function wantedBy(args: Args, budget: Budget): Wanted {
  const without = new Set(
    itemsOf(arg(args, 1, "suppress") ?? [], budget).map((name) => unitNamed(name, budget)),
  );
  const asked = UNITS.indexOf(unitNamed(arg(args, 0, "minimum_unit") ?? "seconds", budget));
  const smallest = UNITS.findLast((unit, i) => i <= asked && !without.has(unit));
  if (smallest === undefined) throw new TemplateError("every unit is suppressed");
  for (const unit of UNITS.slice(UNITS.indexOf(smallest) + 1)) without.add(unit);
  return { smallest, without, form: textOf(arg(args, 2, "format") ?? "%0.2f", budget), budget };
}

/** Divided by one unit after the other; the smallest one takes the rest, rounded as it will be written. */
function divided(micros: number, wanted: Wanted): Counts {
  const share = (value: number, by: number, unit: Unit): readonly [number, number] => {
    if (unit === wanted.smallest)
      return [Number(percentFormat(wanted.form, float(value / by), wanted.budget)), 0];
    if (wanted.without.has(unit)) return [0, value];
    const whole = Math.floor(value / by);
    return [whole, Math.trunc(value - whole * by)];
  };
  const [year, afterYears] = share(Math.floor(micros / 86_400e6), 365, "year");
  const [month, afterMonths] = share(afterYears, 30.5, "month");
  const seconds = afterMonths * 86_400 + Math.floor((micros % 86_400e6) / 1e6);
  const [day, afterDays] = share(seconds, 86_400, "day");
  const [hour, afterHours] = share(afterDays, 3600, "hour");
  const [minute, afterMinutes] = share(afterHours, 60, "minute");
  const [second, afterSeconds] = share(afterMinutes * 1e6 + (micros % 1e6), 1e6, "second");
  const [millisecond, microsecond] = share(afterSeconds, 1000, "millisecond");
  return { year, month, day, hour, minute, second, millisecond, microsecond };
}

/** What rounding made a whole larger unit becomes one of those, if those are wanted. */
function promoted(counts: Counts, { without }: Wanted): Counts {
  const result = { ...counts };
  const carry = (from: Unit, most: number, to: Unit): void => {
    if (result[from] < most || without.has(to)) return;
    result[from] -= most;
    result[to]++;
  };
  carry("millisecond", 1000, "second");
  carry("second", 60, "minute");
  carry("minute", 60, "hour");
  carry("hour", 24, "day");
  carry("day", 31, "month");
  carry("month", 12, "year");
  return result;
}

function said(unit: Unit, count: number, { smallest, form, budget }: Wanted): string {
  const isOne = Math.trunc(count) === 1 && !(count > 1 && count < 2);
  const word = isOne ? unit : `${unit}s`;
  if (unit === smallest && count % 1 > 0) return `${percentFormat(form, float(count), budget)} ${word}`;
  return `${unit === "year" ? grouped(String(count)) : Math.trunc(count)} ${word}`;
}

/** Rounds as ratios: the median of the rounds' ratios, with the least and the greatest. */

export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

/** How many times as fast as the reference, round by round: both ran one after the other. */
export function ratioOf(nanos: readonly number[], reference: readonly number[]): Ratio {
  const ratios = nanos.map((own, i) => (reference[i] ?? Number.NaN) / own).toSorted((a, b) => a - b);
  return { median: median(ratios), least: ratios[0] ?? Number.NaN, greatest: ratios.at(-1) ?? Number.NaN };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export const formatRatio = ({ median: middle, least, greatest }: Ratio): string =>
  `${middle.toFixed(2)} (${least.toFixed(2)}–${greatest.toFixed(2)})`;

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

/** Times and windows as an explanation says them: the time of day, with the date only where it is another day. */
import { formatInstant, type Instant } from "../../core/model/time.ts";

interface Window {
  readonly start: Instant | null;
  readonly end: Instant | null;
}

export interface Words {
  time(at: Instant): string;
  window(window: Window): string;
}

const DATE_CHARS = "2026-11-20".length;

/** As said on the day of this time. */
export function wordsOn(day: Instant): Words {
  const today = formatInstant(day).slice(0, DATE_CHARS);
  const time = (at: Instant): string => {
    const text = formatInstant(at);
    return text.startsWith(today) ? text.slice(DATE_CHARS + 1, -1) : text;
  };
  return {
    time,
    window: ({ start, end }) =>
      `[${start === null ? "…" : time(start)}, ${end === null ? "without end" : time(end)})`,
  };
}

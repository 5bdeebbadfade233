// Numbers and times as the page shows them. Prices keep all their digits; only what is not typed back is made shorter.

const THOUSANDS = /\B(?=(\d{3})+(?!\d))/g;

/** Digits of a quantity that most cells have room for. */
const DIGITS_SHOWN = 7;
const UNITS = [
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** Of a unit: what three digits round up to one. */
const ROUNDS_UP = 0.9995;

/** 1980 as `1,980`. */
export function grouped(whole: number | bigint): string {
  return String(whole).replace(THOUSANDS, ",");
}

/** A price or an amount with its whole part grouped: `70,000.50`. */
export function groupedPrice(text: string): string {
  const point = text.indexOf(".");
  if (point < 0) return text.replace(THOUSANDS, ",");
  return text.slice(0, point).replace(THOUSANDS, ",") + text.slice(point);
}

/**
 * Lots in a narrow cell: all digits, or up to three significant ones and a unit. `room`: characters; whatever the quantity,
 * four are enough.
 */
export function shortQuantity(lots: number, room = DIGITS_SHOWN): string {
  const digits = String(lots);
  if (digits.length <= room) return digits;
  // From 999.5 of a unit on three digits are one of the next.
  for (const [unit, name] of UNITS)
    if (lots >= unit * ROUNDS_UP) return `${fewDigits(lots / unit, room - name.length)}${name}`;
  return digits;
}

/** Three significant digits of what is below 999.5, or as many of them as there is room for. */
function fewDigits(value: number, room: number): string {
  return [value.toPrecision(3), value.toFixed(1)].find((text) => text.length <= room) ?? value.toFixed(0);
}

/** `1 topic`, `2,704 topics`. */
export function countedGrouped(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1 lot`, `2,704 lots`, `12.5M lots`. */
export function countedLots(lots: number): string {
  return `${lotsText(lots)} ${lots === 1 ? "lot" : "lots"}`;
}

/** Lots in a wide cell: grouped, or in short. */
export function lotsText(lots: number): string {
  return String(lots).length <= DIGITS_SHOWN ? grouped(lots) : shortQuantity(lots);
}

/** `410 µs`, `1.25 ms`, `2.10 s`. */
export function durationText(us: number): string {
  if (us < 1_000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${(us / 1_000).toFixed(2)} ms`;
  if (us < 100_000_000) return `${(us / 1_000_000).toFixed(2)} s`;
  return `${grouped(Math.round(us / 1_000_000))} s`;
}

/** What a node lacks, and for how long it has: `nothing`, `1,204 · 3.20 s`. */
export function behindText(lag: number, lag_us: number): string {
  return lag === 0 ? "nothing" : `${grouped(lag)} · ${durationText(lag_us)}`;
}

const SECOND_US = 1e6;
const MINUTE_US = 60 * SECOND_US;
const HOUR_US = 60 * MINUTE_US;
const DAY_US = 24 * HOUR_US;

/** How long ago something was: `12 s`, `3 min`, `5 h`, `2 days`; in full units. */
export function sinceText(since_us: number, now_us: number): string {
  const ago_us = Math.max(0, now_us - since_us);
  if (ago_us < MINUTE_US) return `${Math.floor(ago_us / SECOND_US)} s`;
  if (ago_us < HOUR_US) return `${Math.floor(ago_us / MINUTE_US)} min`;
  if (ago_us < 2 * DAY_US) return `${Math.floor(ago_us / HOUR_US)} h`;
  return `${grouped(Math.floor(ago_us / DAY_US))} days`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** The time of day here: `14:03:59`, with milliseconds when asked. */
export function timeText(time_us: number, withMilliseconds = false): string {
  const date = new Date(time_us / 1_000);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  return withMilliseconds ? `${parts}.${String(date.getMilliseconds()).padStart(3, "0")}` : parts;
}

/** Of topics that a tape's report does not tell of: nobody has used them since the start, or there are too many. */
export function topicsLeftOut(count: number): string {
  return `and ${countedGrouped(count, "topic")} more: shown are those used since the start, at most 100`;
}

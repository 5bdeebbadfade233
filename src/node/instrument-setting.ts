// An instrument as settings write it: NAME[:DECIMALS[:TICK[:LOT]]]. BTC-USD:2:50 has prices of two decimals and a step of
// 0.50. What is left out has its default, so that a name alone is an instrument too.

import { assert, encodeUtf8, SAFE_MAX } from "../base/index.ts";
import { INSTRUMENT_NAME_BYTES_MAX, type Instrument, PRICE_DECIMALS_MAX } from "../protocol/index.ts";

/** How an instrument is written. */
const INSTRUMENT_FORM = "NAME[:DECIMALS[:TICK[:LOT]]]";

const NAME_RULE = `1 to ${INSTRUMENT_NAME_BYTES_MAX} bytes without spaces, commas and colons`;

/** The parts after the name, in their order. */
const PARTS = [
  { name: "decimals", key: "priceDecimals", min: 0, max: PRICE_DECIMALS_MAX, otherwise: 2 },
  { name: "tick", key: "tick", min: 1, max: SAFE_MAX, otherwise: 1 },
  { name: "lot", key: "lot", min: 1, max: SAFE_MAX, otherwise: 1 },
] as const;

/** What an instrument's parts may be, in words. */
export function describeInstrument(): string {
  const parts = PARTS.map(
    ({ name, min, max, otherwise }) => `${name} ${min} to ${max} (default ${otherwise})`,
  );
  return `${INSTRUMENT_FORM}; a name is ${NAME_RULE}; ${parts.join(", ")}`;
}

/** The instrument that `text` describes, or a message that says what is wrong with it. */
export function parseInstrument(text: string): Instrument | { readonly problem: string } {
  const [name, ...rest] = text.split(":");
  if (!isPlainName(name)) return { problem: `${shown(name)} is not ${NAME_RULE}` };
  if (rest.length > PARTS.length) return { problem: `${shown(text)} has more parts than ${INSTRUMENT_FORM}` };
  const values = { priceDecimals: 0, tick: 0, lot: 0 };
  for (const [i, part] of PARTS.entries()) {
    const value = rest[i] === undefined ? part.otherwise : wholeNumber(rest[i]);
    if (!(value >= part.min && value <= part.max)) {
      const rule = `a whole number from ${part.min} to ${part.max}`;
      return { problem: `${shown(text)}: ${part.name} ${shown(rest[i])} is not ${rule}` };
    }
    values[part.key] = value;
  }
  return { name, ...values };
}

/** The instrument of a text that has been checked. */
export function instrumentOf(text: string): Instrument {
  const instrument = parseInstrument(text);
  assert(!("problem" in instrument), "an instrument's text has been checked");
  return instrument;
}

/** The shortest text of an instrument, so that two texts are equal when their instruments are. */
export function instrumentText(instrument: Instrument): string {
  const parts: (string | number)[] = PARTS.map(({ key }) => instrument[key]);
  while (parts.length > 0 && parts.at(-1) === PARTS[parts.length - 1].otherwise) parts.pop();
  return [instrument.name, ...parts].join(":");
}

function isPlainName(name: string): boolean {
  const { length } = encodeUtf8(name);
  return name.isWellFormed() && /^[^\s,:\p{Cc}]+$/u.test(name) && length <= INSTRUMENT_NAME_BYTES_MAX;
}

function wholeNumber(text: string): number {
  return /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

/** Characters of a wrong value that are shown. */
const SHOWN_CHARACTERS_MAX = 60;

/** A wrong value as messages show it. */
export function shown(input: unknown): string {
  if (typeof input === "string" && input.length > SHOWN_CHARACTERS_MAX)
    return `${JSON.stringify(input.slice(0, SHOWN_CHARACTERS_MAX))}...`;
  const text = JSON.stringify(input) ?? String(input);
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}...`;
}

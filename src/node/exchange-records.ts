// The exchange's records, as its journal is told of them: a genesis entry (one Genesis and its RegisterInstruments) in
// the first frame, known commands behind it. The journal itself knows no application's.

import type { Micros } from "../base/index.ts";
import { checkFrame, type JournalPlace, journalPlace, type RecordRules } from "../journal/index.ts";
import {
  COMMAND_WORDS,
  CommandKind,
  checkGenesis,
  checkInstrument,
  firstUnknownCommand,
  GENESIS_VERSION,
  type Genesis,
  type Instrument,
  writeGenesis,
  writeInstrument,
  writeTimestamp,
} from "../protocol/index.ts";
import { readFirstFrame } from "../segment/index.ts";

/** What a log is decided by: limits and instruments. */
export interface GenesisEntry {
  readonly genesis: Genesis;
  readonly instruments: readonly Instrument[];
}

/** The records of the first frame: the Genesis and its RegisterInstruments, back to back, all of one time. */
export function encodeGenesisEntry(
  { genesis, instruments }: GenesisEntry,
  timestamp_us: Micros = 0,
): Int32Array<ArrayBuffer> {
  const words = new Int32Array((1 + instruments.length) * COMMAND_WORDS);
  writeGenesis(words, 0, genesis, instruments.length);
  for (let i = 0; i < instruments.length; i++)
    writeInstrument(words, (i + 1) * COMMAND_WORDS, instruments[i]);
  for (let at = 0; at < words.length; at += COMMAND_WORDS) writeTimestamp(words, at, timestamp_us);
  return words;
}

export const EXCHANGE_RECORDS: RecordRules = {
  genesisFault(words, at, count) {
    const entry = readGenesisEntry(words, at, count);
    return typeof entry === "string" ? entry : undefined;
  },
  firstUnknown: firstUnknownCommand,
};

/** The genesis entry at word offset `at`, in a frame of `count` records, or why it is none. */
export function readGenesisEntry(words: Int32Array, at: number, count: number): GenesisEntry | string {
  if ((words[at] & 0xff) !== CommandKind.Genesis) return "the first entry is not a genesis entry";
  const version = (words[at] >>> 8) & 0xff;
  if (version !== GENESIS_VERSION) return `genesis version ${version} is not known to this version`;
  const checked = checkGenesis(words, at);
  if (checked === undefined) return "its genesis record says what no node of this version writes";
  const { instruments: registered, ...genesis } = checked;
  if (registered + 1 !== count) return `the genesis frame holds ${count - 1} of ${registered} instruments`;
  const instruments: Instrument[] = [];
  for (let i = 1; i < count; i++) {
    const instrument = checkInstrument(words, at + i * COMMAND_WORDS);
    if (instrument === undefined) return `its record ${i + 1} is no instrument of this version`;
    instruments.push(instrument);
  }
  return { genesis, instruments };
}

/** The genesis entry of the exchange's journal in `place`, or undefined when it has none yet; opening says why. */
export function readJournalGenesis(place: JournalPlace): GenesisEntry | undefined {
  let entry: GenesisEntry | undefined;
  readFirstFrame(journalPlace(place), (frame) => {
    checkFrame(frame, EXCHANGE_RECORDS);
    if (frame.firstPosition !== 1) return;
    const read = readGenesisEntry(frame.words, frame.payloadAt / 4, frame.count);
    if (typeof read !== "string") entry = read;
  });
  return entry;
}

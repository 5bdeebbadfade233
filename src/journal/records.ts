// What the journal knows of its records: their size, which kinds there are, where they keep the sequencer's time, and
// how the genesis entry is put together. Everything else about a command is its application's business.

import { getU64, type Micros, SeriatimError } from "../base/index.ts";
import {
  COMMAND_WORDS,
  CommandKind,
  CommandLayout,
  CommandWord,
  checkGenesis,
  checkInstrument,
  GENESIS_VERSION,
  type Genesis,
  type Instrument,
  writeGenesis,
  writeInstrument,
  writeTimestamp,
} from "../protocol/index.ts";

/** A log's name, and the place of the journal in a node's data directory. */
export const JOURNAL_LOG = "journal";

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

/** The genesis entry at word offset `at`, in a frame of `count` records; throws JOURNAL_FOREIGN when it is none. */
export function decodeGenesisEntry(
  words: Int32Array,
  at: number,
  count: number,
  where: string,
): GenesisEntry {
  const foreign = (why: string) => new SeriatimError("JOURNAL_FOREIGN", `${where}: ${why}`);
  if ((words[at] & 0xff) !== CommandKind.Genesis) throw foreign("the first entry is not a genesis entry");
  const version = (words[at] >>> 8) & 0xff;
  if (version !== GENESIS_VERSION) throw foreign(`genesis version ${version} is not known to this version`);
  const checked = checkGenesis(words, at);
  if (checked === undefined) throw foreign("its genesis record says what no node of this version writes");
  const { instruments: registered, ...genesis } = checked;
  if (registered + 1 !== count)
    throw foreign(`the genesis frame holds ${count - 1} of ${registered} instruments`);
  const instruments: Instrument[] = [];
  for (let i = 1; i < count; i++) {
    const instrument = checkInstrument(words, at + i * COMMAND_WORDS);
    if (instrument === undefined) throw foreign(`its record ${i + 1} is no instrument of this version`);
    instruments.push(instrument);
  }
  return { genesis, instruments };
}

/** The sequencer's time of the record at byte offset `at`: every layout keeps it at one place. */
export function recordTimestamp(view: DataView, at: number): number {
  return getU64(view, at + CommandLayout.timestamp_us);
}

/**
 * The high lane of the session (u32) that the record at word offset `at` names: every layout of a client's command keeps
 * it at one place. Highest of a log, it says which session numbers may be given again.
 */
export function recordSession(words: Int32Array, at: number): number {
  return words[at + CommandWord.sessionHigh] >>> 0;
}

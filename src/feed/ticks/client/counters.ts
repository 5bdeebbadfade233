// What a reader of ticks/1 has seen so far. Totals over all connections, never taken back. Incidents count causes, skippedBytes
// counts volume: the two are never added up.

export class TickCounters {
  /** Frames accepted, of any type; what is below of them was not delivered. */
  frames = 0;
  trades = 0;
  quotes = 0;
  heartbeats = 0;
  /** Frames of a known type whose checksum does not hold. */
  checksumIncidents = 0;
  /** Places where a frame had to begin and no known type stood. */
  typeIncidents = 0;
  /** Bytes thrown away after an incident. */
  skippedBytes = 0;
  /** Steps forward in the numbers, and how many frames they lack. */
  gapIncidents = 0;
  framesLost = 0;
  /** Numbers that were there already: duplicates and steps back. Their frames are delivered. */
  regressions = 0;
  /** Steps forward that a server which numbers globally makes for a filtered client without a loss. */
  unattributedGaps = 0;
  /** Frames with a price that is no positive finite number: not delivered. */
  invalidValues = 0;
  /** Frames of symbols beyond `maxSymbols`: not delivered. */
  unknownSymbols = 0;
  /** Frames of symbols that are not wanted (any more): not delivered. */
  unwantedFrames = 0;
}

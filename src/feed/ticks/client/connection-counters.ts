// What became of a ticks/1 client's connections. Totals, never taken back.

export class TickConnectionCounters {
  /** Connections begun, and those of them that stood. */
  attempts = 0;
  connected = 0;
  /** Connections that stood and are gone, whoever ended them; `stop` apart. */
  lost = 0;
  /** Of those: silent for too long; bytes that are no ticks/1 stream. */
  livenessTimeouts = 0;
  notTicks = 0;
  /** Times nothing was accepted for a while. */
  quietPeriods = 0;
  subscribesSent = 0;
  receivedBytes = 0;
}

// Whether an instrument takes new orders, as market data tells it.

export const InstrumentStatus = {
  Trading: 1,
  /** A kill switch of it, or of everything, is on. */
  SwitchedOff: 2,
  /** An administrator has halted all trading. */
  Halted: 3,
} as const;
export type InstrumentStatus = (typeof InstrumentStatus)[keyof typeof InstrumentStatus];

// The one table of reasons: why a command was refused, on the wire, in flow files and in words. Numbers are never
// reused (specification: order-entry/order-entry.md). 1-9 are the engine's risk and book checks, from 10 on ours.

export const Reason = {
  None: 0,
  UnknownSymbol: 1,
  InvalidPrice: 2,
  InvalidQuantity: 3,
  InvalidSide: 4,
  MaxQuantityExceeded: 5,
  MaxNotionalExceeded: 6,
  DuplicateOrderId: 7,
  UnknownOrder: 8,
  StorageExhausted: 9,
  AnswerTooLarge: 10,
  NotLoggedOn: 11,
  NotAuthorised: 12,
  Throttled: 13,
  Halted: 14,
  ReplicaDisconnected: 15,
  ShuttingDown: 16,
  DiskFull: 17,
} as const;
export type Reason = (typeof Reason)[keyof typeof Reason];
export type ReasonName = keyof typeof Reason;

const NAMES: readonly string[] = Object.entries(Reason)
  .sort((a, b) => a[1] - b[1])
  .map(([name]) => name);

/** The name of a reason code, or `Reason17` for one this version does not know. */
export function reasonName(code: number): string {
  return NAMES[code] ?? `Reason${code}`;
}

/** The code of a reason's name, or undefined. */
export function reasonCode(name: string): Reason | undefined {
  return Object.hasOwn(Reason, name) ? Reason[name as ReasonName] : undefined;
}

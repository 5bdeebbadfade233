// The one table of why a broker of the tape refuses or ends a connection: on the wire, in errors and in words. Numbers are never
// reused (tape.md).

export const TapeReason = {
  None: 0,
  Malformed: 1,
  VersionUnknown: 2,
  TopicName: 3,
  TopicUnknown: 4,
  TopicLimit: 5,
  OrderLevel: 6,
  AckLevel: 7,
  ReplicasUnavailable: 8,
  Epoch: 9,
  NotAllowed: 10,
  Logon: 11,
  TooManyConnections: 12,
  BatchTooLarge: 13,
  BatchEmpty: 14,
  ChecksumHeader: 15,
  ChecksumPayload: 16,
  Records: 17,
  BatchNumber: 18,
  HoldFull: 19,
  LeaseOver: 20,
  TakenOver: 21,
  TooSlow: 22,
  RecordGone: 23,
  GroupName: 24,
  GroupUnknown: 25,
  GroupLimit: 26,
  DiskFull: 27,
  LogFailed: 28,
  LogCorrupt: 29,
  TopicDeleted: 30,
  ShuttingDown: 31,
  OtherSession: 32,
  TopicExists: 33,
  HelloLate: 34,
  Busy: 35,
} as const;
export type TapeReason = (typeof TapeReason)[keyof typeof TapeReason];

export type TapeReasonName = keyof typeof TapeReason;

const NAMES: readonly string[] = Object.entries(TapeReason)
  .sort((a, b) => a[1] - b[1])
  .map(([name]) => name);

/** The name of a reason, or `Reason99` for one this version does not know. */
export function tapeReasonName(reason: number): string {
  return NAMES[reason] ?? `Reason${reason}`;
}

const TEXTS: Readonly<Record<TapeReasonName, string>> = {
  None: "nothing is wrong",
  Malformed: "the bytes are no message of this protocol",
  VersionUnknown: "another version of the protocol",
  TopicName: "a topic's name has 1 to 255 characters of A-Z a-z 0-9 . _ -",
  TopicUnknown: "there is no such topic",
  TopicLimit: "there are as many topics as there can be",
  OrderLevel: "the topic has another order level",
  AckLevel: "there is no such ack level",
  ReplicasUnavailable: "topics are not replicated: a replica factor above 1 can't be had",
  Epoch: "the session's epoch is over: a higher one was opened, or this one was fenced",
  NotAllowed: "the key has no right to do this with the topic",
  Logon: "the key is unknown, or its proof is wrong",
  TooManyConnections: "there are as many connections as there can be",
  BatchTooLarge: "a batch has at most 2 MiB and 10,000 records",
  BatchEmpty: "a batch has at least one record",
  ChecksumHeader: "a header's CRC32C does not match",
  ChecksumPayload: "a payload's CRC32C does not match",
  Records: "the records of a batch don't add up to it",
  BatchNumber: "a batch's number can't follow those before it",
  HoldFull: "too much waits for a batch that is missing",
  LeaseOver: "a missing batch did not come within the lease: the session is fenced",
  TakenOver: "another connection has taken the session over",
  TooSlow: "the connection did not keep up",
  RecordGone: "the record is older than the oldest that is kept",
  GroupName: "a group's name has 1 to 255 characters of A-Z a-z 0-9 . _ -",
  GroupUnknown: "there is no such group",
  GroupLimit: "the topic has as many groups as it can",
  DiskFull: "there is no room for the topic's log; nothing is taken until there is",
  LogFailed: "the topic's log failed",
  LogCorrupt: "the topic's log is damaged",
  TopicDeleted: "the topic was deleted",
  ShuttingDown: "the broker is shutting down",
  OtherSession: "a batch names another session than its connection's",
  TopicExists: "there is a topic of this name already",
  HelloLate: "no whole Hello came in time",
  Busy: "as much as can wait for the tape's disk does so already",
};

/** What a reason means, in words. */
export function tapeReasonText(reason: number): string {
  const name = tapeReasonName(reason);
  return Object.hasOwn(TEXTS, name) ? TEXTS[name as TapeReasonName] : `ended for reason ${reason}`;
}

/** NotAllowed with a topic that is its owner's alone: no key has that right, nor does who needs none. */
export function tapeReservedText(name: string): string {
  return `topic "${name}" is the exchange's own: nobody else publishes to it, makes or deletes it`;
}

/** What a reason means for the topic of this name; `order` is the level that it has, where that is known, and `asked` the one that was asked for. */
export function tapeTopicReasonText(reason: number, name: string, order?: number, asked?: number): string {
  switch (reason) {
    case TapeReason.TopicUnknown:
      return `there is no topic "${name}"`;
    case TapeReason.TopicExists:
      return `there is a topic "${name}" already`;
    case TapeReason.OrderLevel:
      return order === undefined
        ? tapeReasonText(reason)
        : `topic "${name}" has order level ${order}, not ${asked}`;
    case TapeReason.NotAllowed:
      return `the key has no right to do this with topic "${name}"`;
    case TapeReason.DiskFull:
    case TapeReason.LogFailed:
    case TapeReason.LogCorrupt:
    case TapeReason.TopicDeleted:
    case TapeReason.GroupUnknown:
    case TapeReason.GroupLimit:
      return `topic "${name}": ${tapeReasonText(reason)}`;
    default:
      return tapeReasonText(reason);
  }
}

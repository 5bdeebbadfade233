// What is counted of a connection of ticks/1, and of all of them together.
//
//   ticks = ticks sent + ticks that wait + quotesConflated + framesDropped
//   the last number taken = framesSent + frames that wait + framesDropped + injected.gaps

/** Faults that were put in on purpose. */
export class InjectedFaults {
  gaps = 0;
  /** Writes of a few bytes. */
  fragments = 0;
  corruptions = 0;
  disconnects = 0;
  stalls = 0;
}

export class TickServerCounters {
  /** Ticks of symbols that the client wants, heartbeats apart. */
  ticks = 0;
  /** Handed to the socket, heartbeats among them. */
  framesSent = 0;
  bytesSent = 0;
  heartbeatsSent = 0;
  quotesConflated = 0;
  framesDropped = 0;
  conflateEntries = 0;
  dropEntries = 0;
  slowDisconnects = 0;
  /** Its load now, and the most it was. */
  queueBytes = 0;
  queueBytesMax = 0;
  subscriptions = 0;
  subscribeErrors = 0;
  inputIncidents = 0;
  inputSkippedBytes = 0;
  readonly injected = new InjectedFaults();

  /** Adds those of a connection to these of many. */
  add(other: TickServerCounters): void {
    const most = Math.max(this.queueBytesMax, other.queueBytesMax);
    addNumbers(this, other);
    addNumbers(this.injected, other.injected);
    this.queueBytesMax = most;
  }
}

function addNumbers<Counts extends object>(to: Counts, from: Counts): void {
  for (const [name, value] of Object.entries(from)) {
    if (typeof value !== "number") continue;
    const key = name as keyof Counts;
    to[key] = ((to[key] as number) + value) as Counts[typeof key];
  }
}

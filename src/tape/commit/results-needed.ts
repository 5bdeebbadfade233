// How much room a ring of results has to have, so that a commit worker always gets on.

/** What one command may cause beside a fault for each connection: acks of a session's connections, and its own answer. */
export const RESULTS_PER_COMMAND = 32;

/** The least room of a ring of results for so many connections and topics of its worker. */
export function resultsNeeded(connectionsMax: number, topicsMax: number): number {
  // An ack, a fault and an opening that wait, and a fault more that the next command may cause, of each connection.
  return 4 * connectionsMax + topicsMax + RESULTS_PER_COMMAND;
}

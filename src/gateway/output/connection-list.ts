// Which connections a turn has to look at again.

import type { Connection } from "../connection.ts";

/** A list that is filled and emptied every turn and keeps its memory. */
export class ConnectionList {
  readonly items: Connection[] = [];
  count = 0;

  add(connection: Connection): void {
    this.items[this.count++] = connection;
  }
}

// Which connections a seal and a release concern: those with answers appended since the last seal, and those whose sealed
// answers wait for their position.

import type { Position } from "../../base/index.ts";
import type { Connection } from "../connection.ts";
import { ConnectionList } from "./connection-list.ts";

export class Sealing {
  readonly #unsealed = new ConnectionList();
  readonly #waiting = new ConnectionList();
  readonly #settle: (connection: Connection) => void;

  /** `settle` sends what may leave. */
  constructor(settle: (connection: Connection) => void) {
    this.#settle = settle;
  }

  /** `connection` has answers that are not sealed; once until they are. */
  appended(connection: Connection): void {
    connection.isUnsealed = true;
    this.#unsealed.add(connection);
  }

  /** All answers appended since the last seal wait for `position`. */
  seal(position: Position): void {
    const { items, count } = this.#unsealed;
    this.#unsealed.count = 0;
    for (let i = 0; i < count; i++) {
      items[i].isUnsealed = false;
      items[i].output.seal(position);
      this.#wait(items[i]);
    }
  }

  /** What `connection` has appended waits for `position`, of which everything up to `released` is safe already. */
  sealNow(connection: Connection, position: Position, released: Position): void {
    connection.output.seal(position);
    connection.output.release(released);
    this.#wait(connection);
  }

  #wait(connection: Connection): void {
    if (connection.isWaiting || !connection.output.waits) return;
    connection.isWaiting = true;
    this.#waiting.add(connection);
  }

  /** What waits for `position` or less leaves, one write per connection and chunk. */
  release(position: Position): void {
    const { items, count } = this.#waiting;
    this.#waiting.count = 0;
    for (let i = 0; i < count; i++) {
      const connection = items[i];
      connection.output.release(position);
      connection.isWaiting = connection.output.waits;
      if (connection.isWaiting) this.#waiting.add(connection);
      this.#settle(connection);
    }
  }
}

// What a primary can say of every node of its cluster, itself included: who is there since when, how far, and how far behind.
// For people: nothing is decided by it. Sampled ten times a second beside the gate, which has the rows anyway; a replica
// that is gone keeps what was seen of it last.

import type { Clock, Position } from "../../base/index.ts";
import type { NodeReport, NodeRoleName } from "../../protocol/index.ts";
import { type NodeRows, PositionTimes } from "../../replication/index.ts";

/** Between two samples. */
const SAMPLE_MS = 100;

/** What is known of a replica, by its row of the view. */
interface Seat {
  readonly name: string;
  isConnected: boolean;
  since_us: number;
  epoch: number;
  inMemory: Position;
  persisted: Position;
}

/** The primary, as it is at the moment. */
export interface PrimaryStanding {
  readonly role: NodeRoleName;
  readonly epoch: number;
  /** The last position sequenced. */
  readonly position: Position;
}

export interface ClusterViewOptions {
  readonly name: string;
  /** The other nodes, by row. */
  readonly replicas: readonly string[];
  readonly rows: () => NodeRows;
  readonly clock: Clock;
  readonly standing: () => PrimaryStanding;
}

export class ClusterView {
  readonly #options: ClusterViewOptions;
  readonly #seats: readonly Seat[];
  readonly #times = new PositionTimes();
  readonly #since_us: number;
  readonly #sampler: NodeJS.Timeout;

  constructor(options: ClusterViewOptions) {
    this.#options = options;
    this.#since_us = options.clock.wallMicros();
    const unknown = { isConnected: false, since_us: this.#since_us, epoch: 0, inMemory: 0, persisted: 0 };
    this.#seats = options.replicas.map((name) => ({ name, ...unknown }));
    this.#sample();
    this.#sampler = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  /** By name. */
  get nodes(): readonly NodeReport[] {
    this.#sample();
    const { name, standing } = this.#options;
    const rows = this.#options.rows();
    const { role, epoch, position } = standing();
    const own: NodeReport = {
      ...{ name, role, epoch, connected: true, since_us: this.#since_us },
      ...{ inMemory: position, persisted: Math.min(position, rows.persisted[0]), lag: 0, lag_us: 0 },
    };
    const others = this.#seats.map((seat) => this.#report(seat, position));
    return [own, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  stop(): void {
    clearInterval(this.#sampler);
  }

  #report(seat: Seat, position: Position): NodeReport {
    const { name, isConnected, since_us, epoch, inMemory, persisted } = seat;
    const lag_us = this.#times.lag_us(inMemory, position, this.#options.clock.monotonicMicros());
    return {
      ...{ name, role: "replica", epoch, connected: isConnected, since_us, inMemory, persisted },
      ...{ lag: Math.max(0, position - inMemory), lag_us: Math.round(lag_us) },
    };
  }

  #sample(): void {
    const { clock, standing } = this.#options;
    const rows = this.#options.rows();
    const { epoch, position } = standing();
    this.#times.note(position, clock.monotonicMicros());
    let connected = 0;
    for (let i = 1; i < rows.count; i++) {
      const seat = this.#seats[rows.replica[i]];
      connected |= 1 << rows.replica[i];
      seat.epoch = epoch;
      seat.inMemory = rows.inMemory[i];
      seat.persisted = rows.persisted[i];
    }
    this.#seats.forEach((seat, row) => {
      const isConnected = (connected & (1 << row)) !== 0;
      if (isConnected !== seat.isConnected) seat.since_us = clock.wallMicros();
      seat.isConnected = isConnected;
    });
  }
}

// One machine of a simulation: a disk, a clock, a network, and on them the parts of a real node (journal, sequencer, engine,
// gate, gateway) that start, stop, and are stopped. Nothing of a node is copied here but how its parts are put together.

import { type Prng, RecordBuffer, SeriatimError, stateHash } from "../base/index.ts";
import { ExchangeEngine } from "../engine/index.ts";
import { GATEWAY_LIMITS, Gateway } from "../gateway/index.ts";
import { EXCHANGE_RECORDS, encodeGenesisEntry, type GenesisEntry, openJournal } from "../journal/index.ts";
import { SimulatedDisk } from "../lab/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import { COMMAND_BYTES, COMMAND_WORDS, EVENT_WORDS, Reason } from "../protocol/index.ts";
import { createRing } from "../ring/index.ts";
import { CommandPath } from "../runtime/index.ts";
import { Sequencer } from "../sequencer/index.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import { SimulatedJournal } from "./simulated-journal.ts";
import type { SimulatedHost } from "./simulated-network.ts";

export const ORDER_PORT = 9_001;
export const JOURNAL_DIRECTORY = "journal";
/** Small, so that a run has many segments. */
const SEGMENT_BYTES = 65_536;
const FRAME_BYTES_MAX = 8_192;
/** Small, so that a slow disk fills it. */
const RING_RECORDS = 64;
const CONNECTIONS_MAX = 16;

export const SIMULATED_GENESIS: GenesisEntry = {
  genesis: {
    ...{ maxQuantity: 1_000, ordersMax: 10_000, symbolsMax: 4, accountsMax: 8 },
    ...{ maxNotional: 1_000_000_000, indexSeed: [7, 11] as const },
  },
  instruments: ["A", "B"].map((name) => ({ name, priceDecimals: 2, tick: 1, lot: 1 })),
};

const checksums = new NativeChecksums();

/** The parts of a node that is up. */
interface Running {
  readonly engine: ExchangeEngine;
  readonly sequencer: Sequencer;
  readonly path: CommandPath;
  readonly gateway: Gateway;
  readonly journal: SimulatedJournal;
}

export class SimulatedMachine {
  readonly name: string;
  readonly host: SimulatedHost;
  readonly disk = new SimulatedDisk();
  readonly clock: SimulatedClock;
  /** One wait for the disk, least and most. */
  syncTime_us: readonly [number, number] = [200, 2_000];
  /** What the disk refused to go on with; a machine like this needs a person. */
  refused: SeriatimError | undefined;
  /** State hashes that a node of this machine had, by position. */
  readonly hashes = new Map<number, string>();
  readonly #genesis: GenesisEntry;
  readonly #prng: Prng;
  #running: Running | undefined;

  constructor(host: SimulatedHost, prng: Prng, genesis: GenesisEntry) {
    this.host = host;
    this.name = host.name;
    this.#prng = prng;
    this.#genesis = genesis;
    this.clock = new SimulatedClock(host.network.queue);
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  get position(): number {
    return this.#running?.sequencer.position ?? 0;
  }

  get releasedPosition(): number {
    return this.#running?.path.releasedPosition ?? 0;
  }

  /** Starts a node on what the disk holds; a disk that does not let it is remembered as `refused`, or as a failed start. */
  start(): void {
    try {
      this.#running = this.#open();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#stopped();
      if (error.code.startsWith("LOG_") || error.code.startsWith("JOURNAL_")) this.refused = error;
    }
  }

  #open(): Running {
    const { engine, journal, position, timestamp_us } = this.#recover();
    const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: RING_RECORDS });
    const sequencer = new Sequencer(ring, position, timestamp_us);
    const stage = new SimulatedJournal(
      journal,
      this.host.network.queue,
      () => this.#syncTime(),
      () => this.#fail(),
    );
    const path = new CommandPath(sequencer, engine, stage, this.clock);
    const gateway = new Gateway({
      transport: this.host,
      sink: path,
      directory: {
        count: engine.instruments.length,
        instrument: (symbol) => engine.instruments[symbol],
      },
      limits: {
        ...GATEWAY_LIMITS,
        connectionsMax: CONNECTIONS_MAX,
        accountsMax: this.#genesis.genesis.accountsMax,
      },
    });
    path.attach(gateway);
    stage.run(ring.shared);
    this.host.listen({ host: this.name, port: ORDER_PORT }, gateway);
    return { engine, sequencer, path, gateway, journal: stage };
  }

  #recover() {
    const engine = new ExchangeEngine();
    const events = new RecordBuffer(EVENT_WORDS, 256, () => {});
    const genesis = encodeGenesisEntry(this.#genesis, this.clock.wallMicros());
    const { journal, scan } = openJournal(
      {
        ...{
          storage: this.disk,
          checksums,
          directory: JOURNAL_DIRECTORY,
          mode: "fsync",
          genesis,
          rules: EXCHANGE_RECORDS,
        },
        ...{ segmentBytes: SEGMENT_BYTES, frameBytesMax: FRAME_BYTES_MAX },
      },
      (words, at, count) => {
        for (let i = 0; i < count; i++) engine.apply(words, at + i * COMMAND_WORDS, events);
      },
    );
    return { engine, journal, position: journal.position, timestamp_us: scan.timestamp_us };
  }

  #syncTime(): number {
    return this.#prng.between(this.syncTime_us[0], this.syncTime_us[1]);
  }

  /** The journal has failed: the node refuses orders, lets out what is safe, and ends. */
  #fail(): void {
    const running = this.#running;
    if (running === undefined) return;
    running.gateway.refuseOrders(Reason.Halted);
    running.path.releaseLast();
    this.kill();
  }

  /** Keeps the state's hash, if the engine is not ahead of what is safe: what is not may never have been. */
  noteHash(): void {
    const running = this.#running;
    if (running === undefined || this.position > this.releasedPosition) return;
    this.hashes.set(running.sequencer.position, hex(stateHash(running.engine, checksums)));
  }

  /** The process is killed: what was written stays in the kernel. */
  kill(): void {
    this.#stopped();
    this.disk.restart();
  }

  /** The power fails: what was not synced is kept or lost, sector by sector. */
  powerOff(): void {
    this.#stopped();
    this.disk.crash(this.#prng);
  }

  #stopped(): void {
    this.#running?.path.cutOff();
    this.#running?.journal.abandon();
    this.#running = undefined;
    this.host.crash();
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

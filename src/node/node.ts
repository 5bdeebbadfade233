// The composition root: which stage runs where, and in what order a node starts and stops.
//
//   start: ports free? -> data directory, lock -> journal opened, replayed -> settings agree with the log -> listen
//   stop:  listeners closed -> what is in flight answered -> connections closed -> journal closed -> lock released
//
// With `threads spread` the journal has its own thread; everything else runs on the caller's.

import { randomBytes } from "node:crypto";
import { type Clock, RecordBuffer, SeriatimError } from "../base/index.ts";
import { ExchangeEngine } from "../engine/index.ts";
import { GATEWAY_LIMITS, Gateway } from "../gateway/index.ts";
import { encodeGenesisEntry, type GenesisEntry } from "../journal/index.ts";
import { NetTransport, SystemClock } from "../platform/index.ts";
import {
  COMMAND_BYTES,
  COMMAND_WORDS,
  CommandWord,
  EVENT_WORDS,
  type Genesis,
  Reason,
} from "../protocol/index.ts";
import { createRing } from "../ring/index.ts";
import { Sequencer } from "../sequencer/index.ts";
import { CommandPath } from "./command-path.ts";
import type { LoadedConfiguration } from "./configuration.ts";
import { type DataDirectory, openDataDirectory } from "./data-directory.ts";
import { compareGenesis } from "./genesis-settings.ts";
import { type HttpFace, startHttp } from "./http.ts";
import { InlineJournal, NoJournal } from "./journal-inline.ts";
import type { JournalStage, Recovered } from "./journal-stage.ts";
import { JournalThread } from "./journal-thread.ts";
import type { Log } from "./log.ts";
import { assertPortFree } from "./port-check.ts";
import type { Configuration } from "./settings.ts";
import { collectStatus } from "./status-source.ts";

/** Commands that may wait for the journal: 5 MiB, some milliseconds of full load. Beyond it sessions stop reading. */
const COMMAND_RING_RECORDS = 65_536;
/** Between two looks for peers that take nothing. */
const TICK_MS = 1_000;
/** The longest an orderly stop takes before connections are broken off. */
const STOP_MS = 5_000;
/** Two decimals and single ticks and lots: until instruments can be described one by one. */
const INSTRUMENT_DEFAULTS = { priceDecimals: 2, tick: 1, lot: 1 } as const;

export interface RunningNode {
  readonly orderPort: number;
  readonly httpPort: number;
  /** What the journal said when it was opened. */
  readonly recovered: Recovered;
  /** Resolves with what stopped the node, if anything ever does; nothing is acknowledged from then on. */
  readonly failed: Promise<SeriatimError>;
  /** Orderly: answers what is in flight, closes everything. Resolves when all is closed. */
  stop(): Promise<void>;
}

/** What a test or a simulation may own; the real ones by default. */
export interface NodeParts {
  readonly clock?: Clock;
  /** The order index's seed in the genesis entry of a new log; random by default. */
  readonly indexSeed?: readonly [low: number, high: number];
}

/** Starts a node; throws SeriatimError naming what is wrong, with everything closed again. */
export async function startNode(
  { configuration, given }: LoadedConfiguration,
  log: Log,
  parts: NodeParts = {},
): Promise<RunningNode> {
  await assertPortFree("order-port", configuration.host, configuration.orderPort);
  await assertPortFree("http-port", configuration.host, configuration.httpPort);
  const undo: (() => Promise<void>)[] = [];
  try {
    const entry = encodeGenesisEntry(genesisOf(configuration, parts.indexSeed ?? randomSeed()));
    const directory =
      configuration.durability === "off" ? undefined : await openDataDirectory(configuration.dataDir);
    if (directory !== undefined) undo.push(() => directory.lock.release());
    const journal = journalOf(configuration, directory, entry);
    undo.push(() => journal.stop());
    const history = await recoverEngine(journal, log);
    const { engine } = history;
    const contradiction = compareGenesis(given, engine.genesis, engine.instruments);
    if (contradiction !== undefined)
      throw new SeriatimError("GENESIS_CONTRADICTED", contradiction, { exitCode: 2 });
    const node = new ExchangeNode(
      configuration,
      journal,
      history,
      directory,
      log,
      parts.clock ?? new SystemClock(),
    );
    await node.listen();
    return node;
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

function randomSeed(): readonly [low: number, high: number] {
  const seed = randomBytes(8);
  return [seed.readUInt32LE(0), seed.readUInt32LE(4)];
}

function genesisOf(configuration: Configuration, indexSeed: Genesis["indexSeed"]): GenesisEntry {
  const { maxQuantity, maxNotional, ordersMax, symbolsMax, accountsMax, symbols } = configuration;
  return {
    genesis: { maxQuantity, maxNotional, ordersMax, symbolsMax, accountsMax, indexSeed },
    instruments: symbols.map((name) => ({ name, ...INSTRUMENT_DEFAULTS })),
  };
}

function journalOf(
  { durability, segmentBytes, threads, wait }: Configuration,
  directory: DataDirectory | undefined,
  genesis: Int32Array<ArrayBuffer>,
): JournalStage {
  if (durability === "off" || directory === undefined) return new NoJournal(genesis);
  const options = { directory: directory.journal, mode: durability, segmentBytes, genesis };
  return threads === "single" ? new InlineJournal(options) : new JournalThread(options, wait);
}

/** What a node begins with: the effect of all that its log holds. */
interface History {
  readonly engine: ExchangeEngine;
  readonly recovered: Recovered;
  /** The highest high lane (u32) of the sessions in the log. */
  readonly lastSession: number;
}

async function recoverEngine(journal: JournalStage, log: Log): Promise<History> {
  const engine = new ExchangeEngine();
  const discarded = new RecordBuffer(EVENT_WORDS, 1024, () => {});
  const started = performance.now();
  const { sessionHigh } = CommandWord;
  let lastSession = 0;
  const recovered = await journal.recover((words, at, count) => {
    for (let i = 0, record = at; i < count; i++, record += COMMAND_WORDS) {
      engine.apply(words, record, discarded);
      const session = words[record + sessionHigh] >>> 0;
      if (session > lastSession) lastSession = session;
    }
  });
  const took_ms = Math.round(performance.now() - started);
  if (recovered.cut_bytes > 0) {
    const what =
      "the journal's end was torn and has been cut; alone, a node can't tell it from one that was acknowledged";
    log.warn({ cut_bytes: recovered.cut_bytes, finding: recovered.finding }, what);
  }
  const what = recovered.created ? "began a new log" : "replayed the log";
  log.info({ position: recovered.position, took_ms, orders: engine.restingOrders }, what);
  return { engine, recovered, lastSession };
}

class ExchangeNode implements RunningNode {
  readonly failed: Promise<SeriatimError>;
  readonly recovered: Recovered;
  orderPort = 0;
  httpPort = 0;
  readonly #configuration: Configuration;
  readonly #journal: JournalStage;
  readonly #directory: DataDirectory | undefined;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #sequencer: Sequencer;
  readonly #path: CommandPath;
  readonly #gateway: Gateway;
  readonly #transport: NetTransport;
  readonly #engine: ExchangeEngine;
  readonly #closers: (() => Promise<void>)[] = [];
  #ticker: NodeJS.Timeout | undefined;
  #failure: SeriatimError | undefined;

  constructor(
    configuration: Configuration,
    journal: JournalStage,
    { engine, recovered, lastSession }: History,
    directory: DataDirectory | undefined,
    log: Log,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#configuration = configuration;
    this.#journal = journal;
    this.#engine = engine;
    this.#directory = directory;
    this.#log = log;
    this.recovered = recovered;
    const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: COMMAND_RING_RECORDS });
    this.#sequencer = new Sequencer(ring, recovered.position, recovered.timestamp_us);
    this.#path = new CommandPath(this.#sequencer, engine, journal, this.#clock);
    this.#transport = new NetTransport({ connectionsMax: configuration.connectionsMax });
    this.#gateway = this.#makeGateway(configuration, engine, lastSession);
    this.#path.attach(this.#gateway);
    journal.run(ring.shared);
    this.failed = journal.failed.then((error) => this.#halt(error));
  }

  #makeGateway(configuration: Configuration, engine: ExchangeEngine, lastSession: number): Gateway {
    return new Gateway({
      transport: this.#transport,
      sink: this.#path,
      directory: {
        get count() {
          return engine.instruments.length;
        },
        instrument: (symbol) => engine.instruments[symbol],
      },
      limits: {
        ...GATEWAY_LIMITS,
        connectionsMax: configuration.connectionsMax,
        accountsMax: engine.genesis.accountsMax,
      },
      // Above all in the log: a pair of session and request number names one command of it, whatever the clock said at
      // each start. A connection that never sent a command left no number behind; its number may come again.
      firstSession: lastSession + 1,
    });
  }

  async listen(): Promise<void> {
    const { host, orderPort, httpPort } = this.#configuration;
    const orders = await this.#transport.listen({ host, port: orderPort }, this.#gateway);
    this.orderPort = orders.port;
    this.#closers.push(() => orders.close());
    const http: HttpFace = await startHttp({
      host,
      port: httpPort,
      status: () => this.#status(),
      log: this.#log,
    });
    this.httpPort = http.port;
    this.#closers.push(() => http.close());
    this.#ticker = setInterval(() => this.#gateway.tick(this.#clock.monotonicMicros()), TICK_MS);
  }

  #status() {
    return collectStatus({
      sequencer: this.#sequencer,
      releasedPosition: this.#path.releasedPosition,
      engine: this.#engine,
      gateway: this.#gateway,
      failure: this.#failure,
    });
  }

  #halt(error: SeriatimError): SeriatimError {
    this.#failure = error;
    this.#gateway.refuseOrders(Reason.Halted);
    this.#log.error(
      { position: this.#sequencer.position, released: this.#path.releasedPosition },
      error.message,
    );
    return error;
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.#gateway.refuseOrders(Reason.ShuttingDown);
    const [orders, http] = this.#closers;
    await orders?.();
    const answered = this.#path.settled().then(() => this.#gateway.stop());
    await (this.#failure === undefined ? within(answered, STOP_MS) : undefined);
    await http?.();
    this.#sequencer.close();
    await this.#journal.stop();
    await this.#directory?.lock.release();
  }
}

/** Waits for `work`, but no longer than `most_ms`. */
async function within(work: Promise<void>, most_ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, most_ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

// The composition root: which stage runs where, and in what order a running node stops.
//
//   stop:  listener closed -> what is in flight answered -> connections closed -> web -> journal closed -> lock released
//
// Each of these steps has a bound, and a stop gives everything back whatever failed before or on the way.
// With `threads spread` journal and web have a thread each; everything else runs on the caller's.

import { type Clock, SeriatimError } from "../base/index.ts";
import type { ExchangeEngine } from "../engine/index.ts";
import { GATEWAY_LIMITS, Gateway } from "../gateway/index.ts";
import { NetTransport } from "../platform/index.ts";
import { COMMAND_BYTES } from "../protocol/index.ts";
import { createRing } from "../ring/index.ts";
import { Sequencer } from "../sequencer/index.ts";
import { CommandPath } from "./command-path.ts";
import { type Condition, refusalOf } from "./condition.ts";
import type { DataDirectory } from "./data-directory.ts";
import type { JournalStage, Recovered } from "./journal-stage.ts";
import type { Log } from "./log.ts";
import type { NodeParts, RunningNode } from "./node.ts";
import type { History } from "./recovery.ts";
import type { Configuration } from "./settings.ts";
import type { NodeStatus } from "./status.ts";
import { collectStatus } from "./status-source.ts";
import { NodeWeb } from "./web/node-web.ts";
import type { WebStage } from "./web/web-stage.ts";
import { within } from "./within.ts";

/** Commands that may wait for the journal: 5 MiB, some milliseconds of full load. Beyond it sessions stop reading. */
const COMMAND_RING_RECORDS = 65_536;
/** Between two looks for peers that take nothing. */
const TICK_MS = 1_000;
/** The longest an orderly stop takes before connections are broken off. */
const STOP_MS = 5_000;
/** The same after a failure: for what was safe by then to reach its clients; what was not never will. */
const HALTED_STOP_MS = 500;
/** A sequencer ahead of the wall clock by more than this gives every command the same time for a while to notice. */
const CLOCK_AHEAD_US = 60_000_000;

interface Stages {
  readonly journal: JournalStage;
  readonly web: WebStage;
}

export class ExchangeNode implements RunningNode {
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
  #closeOrders: (() => Promise<void>) | undefined;
  readonly #web: NodeWeb;
  #ticker: NodeJS.Timeout | undefined;
  #failure: SeriatimError | undefined;
  #shortage: string | undefined;
  #hasWarnedOfClock = false;
  #isStopping = false;
  /** Settled when the data directory is gone. */
  readonly #lost = Promise.withResolvers<SeriatimError>();
  #stopped: Promise<void> | undefined;

  constructor(
    configuration: Configuration,
    { journal, web }: Stages,
    { engine, recovered, lastSession }: History,
    directory: DataDirectory | undefined,
    log: Log,
    { clock, feedRingRecords }: NodeParts & { readonly clock: Clock },
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
    const position = () => this.#sequencer.position;
    this.#web = new NodeWeb(web, { application: engine, path: this.#path, position, log, feedRingRecords });
    journal.run(ring.shared, (why) => this.#roomChanged(why));
    this.failed = Promise.race([journal.failed, this.#lost.promise]).then((error) => this.#halt(error));
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
    const { host, orderPort } = this.#configuration;
    const orders = await this.#transport.listen({ host, port: orderPort }, this.#gateway);
    this.orderPort = orders.port;
    this.#closeOrders = () => orders.close();
    this.httpPort = await this.#web.listen({ orderPort: orders.port, status: () => this.status() });
    this.#tick();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    const now_us = this.#clock.monotonicMicros();
    this.#gateway.tick(now_us);
    this.#path.meter.turnOver(this.#sequencer.position, now_us);
    if (this.#directory?.isStillThere() === false) this.#loseDirectory(this.#directory.journal);
    const ahead_us = this.#sequencer.time_us - this.#clock.wallMicros();
    if (ahead_us <= CLOCK_AHEAD_US || this.#hasWarnedOfClock) return;
    this.#hasWarnedOfClock = true;
    const what =
      "the log is ahead of the wall clock: every command gets the log's last time until it catches up";
    this.#log.warn({ ahead_s: Math.round(ahead_us / 1e6) }, what);
  }

  /**
   * The files are open, so writing goes on without a complaint; but nobody would ever find them again. Noticed within a
   * second; what was acknowledged in that second is lost with the rest.
   */
  #loseDirectory(journal: string): void {
    this.#path.cutOff();
    const what = `${journal} is not there any more, or not all of it, and with it the log`;
    this.#lost.resolve(new SeriatimError("DATA_DIRECTORY_GONE", what));
  }

  get accountsMax(): number {
    return this.#engine.genesis.accountsMax;
  }

  status(): NodeStatus {
    return collectStatus({
      sequencer: this.#sequencer,
      path: this.#path,
      engine: this.#engine,
      gateway: this.#gateway,
      condition: this.#condition(),
      feedResyncs: this.#web.resyncs,
      wall_us: this.#clock.wallMicros(),
    });
  }

  #condition(): Condition {
    return {
      failure: this.#failure?.message,
      stopping: this.#isStopping,
      shortage: this.#shortage,
      webFailure: this.#web.failure,
    };
  }

  #roomChanged(why: string | undefined): void {
    this.#shortage = why;
    this.#gateway.refuseOrders(refusalOf(this.#condition()));
    const position = this.#sequencer.position;
    if (why === undefined) this.#log.warn({ position }, "there is room for the log again: orders are taken");
    else this.#log.error({ position }, `no room for the log to grow, orders are refused: ${why}`);
  }

  #halt(error: SeriatimError): SeriatimError {
    this.#failure = error;
    this.#gateway.refuseOrders(refusalOf(this.#condition()));
    this.#path.releaseLast();
    this.#log.error(
      { position: this.#sequencer.position, released: this.#path.releasedPosition },
      error.message,
    );
    return error;
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.#gateway.refuseOrders(refusalOf(this.#condition()));
    await this.#closeOrders?.();
    await this.#sayGoodbye();
    await this.#web.stop();
    this.#sequencer.close();
    try {
      await this.#journal.stop();
      this.#log.info({ position: this.#sequencer.position }, "stopped");
    } finally {
      await this.#directory?.lock.release();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * What is in flight is answered, and what comes meanwhile refused with a reason; then connections end. What a journal
   * that fails leaves unanswered is not waited for.
   */
  async #sayGoodbye(): Promise<void> {
    if (this.#failure === undefined) await within(Promise.race([this.#path.settled(), this.failed]), STOP_MS);
    const gone = this.#gateway.stop();
    if (this.#failure === undefined) await within(Promise.race([gone, this.failed]), STOP_MS);
    if (this.#failure !== undefined) await within(gone, HALTED_STOP_MS);
    this.#transport.destroyAll();
  }
}

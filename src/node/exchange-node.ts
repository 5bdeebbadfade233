// The composition root of an exchange, a primary or alone: which stage runs where, and in what order it stops.
//
//   stop:  listener closed -> simulated traders part, orders are refused from then on -> what is in flight answered -> connections closed -> web, drop copies -> snapshots -> journal closed -> lock released
//
// Each of these steps has a bound, and a stop gives everything back whatever failed before or on the way.
// With `threads spread` journal, web and snapshots have a thread each; everything else runs on the caller's.

import { assert, type Clock, SeriatimError } from "../base/index.ts";
import type { ExchangeEngine } from "../engine/index.ts";
import { Gateway } from "../gateway/index.ts";
import { FirstFailure, makeEd25519Pair, NetTransport, within } from "../platform/index.ts";
import type { NodeRoleName } from "../protocol/index.ts";
import type {
  HostPort,
  KeyRing,
  Runtime,
  RuntimeListener,
  Snapshots,
  SnapshotTaken,
  TenureBegun,
} from "../runtime/index.ts";
import { AccountNames } from "./account-names.ts";
import { ackPolicyWork, journalAckPolicy } from "./ack-policy-work.ts";
import { AdminDesk } from "./admin/admin-desk.ts";
import { hasAdministrator } from "./admin/admin-listener.ts";
import { unavailable } from "./admin/desk.ts";
import { JournaledCommands } from "./admin/journaled-commands.ts";
import { type Condition, refusalOf } from "./condition.ts";
import type { DropCopy } from "./drop-copy/drop-copy.ts";
import { dropCopyOf } from "./drop-copy/drop-copy-of.ts";
import { ExchangeLog } from "./exchange-log.ts";
import type { NodePlan } from "./exchange-start.ts";
import { gatewayLimits } from "./limit-settings.ts";
import type { Log } from "./log.ts";
import { LogDamage } from "./log-damage.ts";
import type { NodePart } from "./node-part.ts";
import { snapshotsOf } from "./node-snapshots.ts";
import { isOpen, keysBeyond, orderAccess } from "./order-access.ts";
import { listenForOrders } from "./order-listeners.ts";
import type { History } from "./recovery.ts";
import type { Configuration } from "./settings.ts";
import { TRADERS_STOP_MS } from "./simulated-traders.ts";
import type { NodeStatus } from "./status.ts";
import { collectStatus } from "./status-source.ts";
import type { NodeTape } from "./tape-thread.ts";
import { NodeWeb } from "./web/node-web.ts";
import { NO_PORTS, type WebPorts, type WebStage } from "./web/web-stage.ts";

/** Between two ticks of the gateway's clock, each behind what sockets have: how exactly times and rates of connections are kept. */
const GATEWAY_TICK_MS = 100;
/** Between two looks at what has time. */
const TICK_MS = 1_000;
// A node that is told to stop has ended 5 s later, whatever its peers do: 1.5 + 1.5 + 1 + 0.5 s here, and the journal's last sync.
/** For the simulated traders' parting and what is in flight to be safe and answered: replicas that have gone silent, or a disk that hangs, get no longer. */
const ANSWERS_MS = 1_500;
assert(TRADERS_STOP_MS < ANSWERS_MS, "simulated traders part within the time of the last answers");
/** For peers to read their last answers and end their side; then they are broken off. */
const GOODBYE_MS = 1_500;
/** The same after a failure: for what was safe by then to reach its clients; what was not never will. */
const HALTED_GOODBYE_MS = 500;
/** For a shadow's thread to end, whatever it is at; what it has not renamed by then is no snapshot. */
const SHADOW_STOP_MS = 500;

export class ExchangeNode implements NodePart, RuntimeListener {
  readonly failed: Promise<SeriatimError>;
  readonly desk: AdminDesk | undefined;
  orderPort = 0;
  webPorts: WebPorts = NO_PORTS;
  /** Where its own threads send orders. */
  ownOrders: HostPort = { host: "", port: 0 };
  readonly #configuration: Configuration;
  readonly #runtime: Runtime;
  readonly #log: Log;
  /** What is said there of what befalls it. */
  readonly #says: ExchangeLog;
  readonly #clock: Clock;
  readonly #gateway: Gateway;
  readonly #transport: NetTransport;
  readonly #engine: ExchangeEngine;
  /** Of its own sessions: its web and its simulated traders are clients like any other. */
  readonly ownKey = makeEd25519Pair();
  #closeOrders: (() => Promise<void>) | undefined;
  readonly #web: NodeWeb;
  readonly #snapshots: Snapshots | undefined;
  readonly #keys: KeyRing | undefined;
  readonly #tls: NodePlan["parts"]["tls"];
  readonly #tape: NodeTape | undefined;
  /** From its tenure on. */
  #dropCopy: DropCopy | undefined;
  readonly #administration: JournaledCommands | undefined;
  #gatewayTicker: NodeJS.Timeout | undefined;
  #ticker: NodeJS.Timeout | undefined;
  /** A node that can't be reached any more ends in order: what is in flight is answered. */
  readonly #listening = new FirstFailure();
  #shortage: string | undefined;
  #ackShortage: string | undefined;
  readonly #damage: LogDamage;
  readonly #tenure = Promise.withResolvers<TenureBegun>();
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(
    configuration: Configuration,
    web: WebStage,
    { engine, runtime, lastSession }: History,
    { log, parts, tape }: Pick<NodePlan, "log" | "parts" | "tape">,
  ) {
    const { clock, feedRingRecords, storage, keys, tls } = parts;
    this.#tape = tape;
    this.#clock = clock;
    this.#tls = tls;
    this.#keys = keys;
    this.#configuration = configuration;
    this.#runtime = runtime;
    this.#engine = engine;
    this.#log = log;
    this.#says = new ExchangeLog(log, runtime, configuration.connectionsMax);
    this.#transport = new NetTransport({ connectionsMax: configuration.connectionsMax });
    this.#gateway = this.#makeGateway(configuration, engine, lastSession, keys);
    const hasJournal = runtime.directory !== undefined && storage === undefined;
    const showsMarket = configuration.marketData === "on";
    this.#web = new NodeWeb(web, { log, showsMarket, feedRingRecords, hasJournal });
    this.#damage = new LogDamage(log);
    // Each connection takes the next number.
    const session = () => lastSession + this.#gateway.counters.opened;
    this.#snapshots = snapshotsOf(configuration, runtime, log, storage, { session, damage: this.#damage });
    if (hasAdministrator(keys)) {
      this.#administration = new JournaledCommands(runtime.path);
      this.desk = this.#makeDesk(this.#administration);
    }
    runtime.run(this.#gateway, this);
    this.failed = Promise.race([runtime.failed, this.#listening.happened]).then((error) => {
      this.#says.failed(error);
      return error;
    });
  }

  #makeDesk(commands: JournaledCommands): AdminDesk {
    const runtime = this.#runtime;
    const accounts = new AccountNames(this.#configuration.accounts, this.accountsMax);
    const rotate = async () => ({ firstPosition: await runtime.ask({ kind: "rotate" }) });
    const work = { snapshot: () => this.requestSnapshot(), rotate, ...ackPolicyWork(runtime) };
    const instruments = () => this.#engine.instruments;
    return new AdminDesk({
      commands,
      accounts,
      instruments,
      status: () => this.status(),
      work,
      log: this.#log,
    });
  }

  #makeGateway(
    configuration: Configuration,
    engine: ExchangeEngine,
    lastSession: number,
    keys: KeyRing | undefined,
  ): Gateway {
    return new Gateway({
      transport: this.#transport,
      sink: this.#runtime.path,
      directory: {
        get count() {
          return engine.instruments.length;
        },
        instrument: (symbol) => engine.instruments[symbol],
      },
      limits: gatewayLimits(configuration, engine.genesis.accountsMax),
      logons: {
        access: orderAccess(configuration, keys, this.ownKey),
        source: engine,
        ...this.#says.ofLogons,
      },
      onClosing: this.#says.closing,
      // Above all in the log: a pair of session and request number names one command of it, whatever the clock said at
      // each start. A connection that never sent a command left no number behind; its number may come again.
      firstSession: lastSession + 1,
    });
  }

  async listen(): Promise<void> {
    const { host, orderPort } = this.#configuration;
    this.#says.keysAreBeyond(keysBeyond(this.accountsMax, this.#keys?.entries ?? []), this.accountsMax);
    // A node of a cluster begins to serve with its tenure.
    if (this.#runtime.primary === undefined) this.#gateway.begin();
    this.#gatewayTicker = setInterval(() => setImmediate(() => this.#tickGateway()), GATEWAY_TICK_MS);
    const where = { host, port: orderPort, tls: this.#tls.identity };
    const orders = await listenForOrders(this.#transport, this.#gateway, where);
    this.orderPort = orders.port;
    this.ownOrders = orders.own;
    this.#closeOrders = () => orders.close();
    orders.failed.then((error) => this.#listening.set(error));
    this.#web.follow({ application: this.#engine, path: this.#runtime.path });
    this.webPorts = await this.#web.listen({
      ...{ orderPort: orders.own.port, orderHost: orders.own.host, status: () => this.status() },
      access: {
        isOpen: isOpen(this.#configuration),
        keys: this.#keys?.entries ?? [],
        nodeKey: this.ownKey.private,
      },
    });
    // One may be due: the last run ended before it, or the log is from before there were any.
    this.#tick();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  #tickGateway(): void {
    const now_us = this.#clock.monotonicMicros();
    this.#gateway.tick(now_us);
    this.#says.tickOften(now_us, this.#transport);
  }

  #tick(): void {
    this.#says.tick(this.#clock.monotonicMicros());
    if (this.#runtime.failure === undefined) this.#snapshots?.tick();
    if (this.role === "primary")
      this.#dropCopy ??= dropCopyOf(this.#configuration, this.#runtime, this.#tape, this.#log);
  }

  /** Resolves when this node leads its cluster; never for one that is alone. */
  get tenure(): Promise<TenureBegun> {
    return this.#tenure.promise;
  }

  /** As an administrator says: only a node that waits to lead can be told to, and only by force. */
  async promote(isForced: boolean, who: string): ReturnType<NonNullable<Runtime["primary"]>["forceStart"]> {
    const { primary } = this.#runtime;
    if (this.role === "primary" || primary === undefined) throw unavailable("this node leads already");
    if (isForced) return primary.forceStart(who);
    throw unavailable("this node is no replica: it waits to lead, which only promote --force ends");
  }

  async requestSnapshot(): Promise<SnapshotTaken> {
    if (this.#snapshots !== undefined) return this.#snapshots.request();
    throw new SeriatimError("NO_JOURNAL", "no snapshot is taken: nothing is kept, durability is off");
  }

  get role(): NodeRoleName {
    return this.#runtime.primary?.role ?? "primary";
  }

  get replicationPort(): number {
    return this.#runtime.primary?.port ?? 0;
  }

  get accountsMax(): number {
    return this.#engine.genesis.accountsMax;
  }

  status(): NodeStatus {
    return collectStatus({
      runtime: this.#runtime,
      engine: this.#engine,
      gateway: this.#gateway,
      ...{ acceptsLost: this.#transport.refused, timesFull: this.#transport.timesFull },
      ...{ condition: this.#condition(), feedResyncs: this.#web.resyncs },
      snapshot: this.#snapshots?.status ?? { position: 0, failures: 0 },
      tape: this.#tape && { ...this.#tape.status, published: this.#dropCopy?.position },
      certificateExpires_us: this.#tls.expires_us,
    });
  }

  #condition(): Condition {
    const { halted, haltedBy, allOffBy } = this.#engine.administration;
    return {
      failure: this.#runtime.failure?.message,
      stopping: this.#isStopping,
      haltedBy: halted ? haltedBy : undefined,
      switchedOffBy: allOffBy || undefined,
      shortage: this.#shortage,
      ackShortage: this.#ackShortage,
      stall: this.#runtime.stall,
      logDamage: this.#damage.why,
      webFailure: this.#web.failure,
      tapeFailure: this.#tape?.status.failure,
    };
  }

  // ---- the runtime's side (RuntimeListener)

  roomChanged(why: string | undefined): void {
    this.#shortage = why;
    this.#gateway.refuseOrders(refusalOf(this.#condition()));
    this.#says.roomChanged(why);
  }

  ackShortage(why: string | undefined): void {
    this.#ackShortage = why;
    this.#gateway.refuseOrders(refusalOf(this.#condition()));
    this.#says.ackShortage(why, this.#clock.monotonicMicros());
  }

  /** By a replica that can't be sent what it lacks. */
  logDamaged(why: string): void {
    this.#damage.found(why);
    this.#snapshots?.want();
  }

  tenureBegun(tenure: TenureBegun): void {
    journalAckPolicy(this.#runtime, this.#engine);
    this.#gateway.begin();
    this.#tenure.resolve(tenure);
    this.#says.leads(tenure);
  }

  replicaNews(line: string, isWarning?: boolean): void {
    this.#says.replicaNews(line, isWarning);
  }

  halted(): void {
    this.#administration?.halted();
    this.#gateway.refuseOrders(refusalOf(this.#condition()));
  }

  clockIsBehind(by_us: number): void {
    this.#says.clockIsBehind(by_us);
  }

  // ---- its end

  stop(part: () => Promise<void> = async () => {}): Promise<void> {
    this.#isStopping = true;
    this.#stopped ??= this.#stop(part);
    return this.#stopped;
  }

  async #stop(part: () => Promise<void>): Promise<void> {
    clearInterval(this.#ticker);
    await this.#closeOrders?.();
    await this.#sayGoodbye(part);
    clearInterval(this.#gatewayTicker);
    await Promise.all([this.#web.stop(), this.#dropCopy?.stop()]);
    // A disk that hangs holds up the thread that waits for it, and nobody else.
    if (this.#snapshots !== undefined) await within(this.#snapshots.stop(), SHADOW_STOP_MS);
    await this.#runtime.stop();
    this.#says.stopped();
    this.#listening.orThrow();
  }

  /** Who belongs to the node parts first, with orders to cancel; from then on nobody's are taken. */
  async #answerLast(parted: Promise<void>): Promise<void> {
    await parted;
    this.#gateway.refuseOrders(refusalOf(this.#condition()));
    await this.#runtime.path.settled();
  }

  /**
   * What is in flight is answered, and what comes meanwhile refused with a reason; then connections end. What a journal
   * that fails leaves unanswered is not waited for.
   */
  async #sayGoodbye(part: () => Promise<void>): Promise<void> {
    const runtime = this.#runtime;
    const parted = part();
    const answered = this.#answerLast(parted);
    if (runtime.failure === undefined) await within(Promise.race([answered, runtime.failed]), ANSWERS_MS);
    const gone = this.#gateway.stop();
    if (runtime.failure === undefined) await within(Promise.race([gone, runtime.failed]), GOODBYE_MS);
    if (runtime.failure !== undefined) await within(gone, HALTED_GOODBYE_MS);
    await parted;
    this.#transport.destroyAll();
  }
}

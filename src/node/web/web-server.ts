// What the web consists of, whatever thread it is on: a copy of the exchange that follows the log, the publisher that tells
// what happens in it, and the HTTP server with its WebSockets.

/// <reference types="node" preserve="true" />

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { SeriatimError } from "../../base/index.ts";
import { Publisher, StreamFigures } from "../../feed/index.ts";
import { type EndedSubscriber, type MarketFeedOptions, MarketFeeds } from "../../feed-runtime/index.ts";
import { NativeChecksums, SystemClock, threadBusyMicros } from "../../platform/index.ts";
import type { TapeReport } from "../../protocol/index.ts";
import { KeyRing } from "../../runtime/index.ts";
import { AccountNames } from "../account-names.ts";
import { ConnectionLog } from "../connection-log.ts";
import type { Log } from "../log.ts";
import type { NodeStatus } from "../status.ts";
import type { Handover } from "./copy/command-feed.ts";
import { Follower } from "./copy/follower.ts";
import { MissedCommands } from "./copy/missed-commands.ts";
import { PublishPace } from "./copy/publish-pace.ts";
import { ShownLag } from "./copy/shown-lag.ts";
import { WebListener } from "./copy/web-listener.ts";
import { type HttpFace, startHttp } from "./http/http.ts";
import { type PageFiles, pageDirectory, readPageFiles } from "./http/page-files.ts";
import { limitAddresses } from "./http/web-addresses.ts";
import type { Access } from "./session/admission.ts";
import { FeedSockets } from "./sockets/feed-sockets.ts";
import { attachWebSockets, type NodeFigures, refuseUpgrade, type WebSockets } from "./sockets/websockets.ts";
import { WebCounters, webLimits } from "./web-limits.ts";
import type { WebAccess, WebOptions, WebPeer, WebPorts } from "./web-stage.ts";

/** The node that runs, asked from wherever the web is; rejects with SeriatimError when it does not answer. */
export interface AskedPeer extends Omit<WebPeer, "status"> {
  /** Whoever asks at once shares an answer, which may be some milliseconds older than the question. */
  readonly status: () => Promise<NodeStatus>;
  /** Never older. */
  readonly statusOfNow: () => Promise<NodeStatus>;
}

const PAGE_NOT_BUILT = "the page was not built: run `npm run build`, then start again";
const MARKET_NOT_SHOWN =
  "this node does not show the market (market-data is off); /healthz and /metrics are here";
const NO_PAGE: PageFiles = new Map();

/** How often it is looked whether lines about subscribers are due, and whether what the feeds publish is current. */
const FEED_TICK_MS = 1_000;

export class WebServer {
  readonly #options: WebOptions;
  readonly #log: Log;
  readonly #clock = new SystemClock();
  readonly #onFailure: (error: SeriatimError) => void;
  #follower: Follower<WebListener> | undefined;
  readonly #shownLag = new ShownLag();
  readonly #feeds: MarketFeeds | undefined;
  readonly #feedSockets: FeedSockets | undefined;
  readonly #subscribers: ConnectionLog;
  #feedTimer: NodeJS.Timeout | undefined;
  readonly #counters = new WebCounters();
  #http: HttpFace | undefined;
  #sockets: WebSockets | undefined;
  #peer: AskedPeer | undefined;
  /** Nobody is shown the market any more. */
  #over: Promise<unknown> | undefined;
  #isClosed = false;

  /** `onFailure`: when the copy or a feed can't go on; health and metrics do, but nobody sees a stale market. */
  constructor(options: WebOptions, log: Log, onFailure: (error: SeriatimError) => void) {
    this.#options = options;
    this.#log = log;
    this.#onFailure = onFailure;
    this.#subscribers = new ConnectionLog(log, "market-data subscriber");
    if (options.feeds === undefined) return;
    this.#feeds = this.#makeFeeds(options.feeds);
    if (options.feeds.channels.length > 0) this.#feedSockets = new FeedSockets(this.#feeds, this.#ended);
  }

  #makeFeeds(options: MarketFeedOptions): MarketFeeds {
    const lost = (error: SeriatimError) => this.#log.warn(`${error.message}; counted from now on`);
    const checksums = new NativeChecksums();
    return new MarketFeeds(options, { clock: this.#clock, checksums, ended: this.#ended, onUdpError: lost });
  }

  get #showsMarket(): boolean {
    return this.#options.marketData === "on";
  }

  readonly #ended = (subscriber: EndedSubscriber): void => {
    this.#subscribers.closing(subscriber);
  };

  /**
   * Resolves with the ports; throws SeriatimError (`EADDRINUSE`, `EACCES`, ...) when it can't be listened on, or
   * CONFIGURATION_INVALID for a named account that the exchange does not have. WebSockets are refused until there is
   * something to follow.
   */
  async listen(peer: AskedPeer): Promise<WebPorts> {
    const { host, httpPort, tls } = this.#options;
    const web = () => ({
      feedPosition: this.#follower?.position ?? 0,
      webSockets: this.#counters,
      streams: this.#follower?.listener.pace.publisher.figures ?? new StreamFigures(),
      feeds: this.#feeds?.figures(),
    });
    const files = this.#showsMarket ? readPageFiles(pageDirectory()) : NO_PAGE;
    const { status } = peer;
    const hasFeed = this.#feedSockets !== undefined;
    const noPage = this.#showsMarket ? PAGE_NOT_BUILT : MARKET_NOT_SHOWN;
    const log = this.#log;
    const http = await startHttp({ host, port: httpPort, tls, status, web, files, noPage, hasFeed, log });
    const { addresses } = webLimits(this.#options);
    limitAddresses(http.server, addresses, (why) => this.#counters.refusedHttp[why]++);
    this.#http = http;
    this.#peer = peer;
    http.server.on("upgrade", this.#refuseEarly);
    this.#attach();
    const { tcp: md = 0, ticks: feed = 0 } = (await this.#feeds?.open()) ?? {};
    // It ended meanwhile, or before: what has opened since is none of what was closed.
    if (this.#over !== undefined) await this.#feeds?.close();
    this.#feeds?.failed.then((error) => this.#fail(error));
    if (this.#feeds !== undefined) this.#feedTimer = setInterval(() => this.#feedTick(status), FEED_TICK_MS);
    if (this.#isClosed) await this.close();
    return { http: http.port, md, feed };
  }

  #feedTick(status: AskedPeer["status"]): void {
    this.#subscribers.tick(this.#clock.monotonicMicros());
    // A node that does not answer is busy: what is published is as current as it was.
    status().then(
      (now) => {
        if (this.#feeds !== undefined) this.#feeds.isCurrent = hearsOfMarket(now);
      },
      () => {},
    );
  }

  /** Begins, or begins anew. */
  follow(handover: Handover): void {
    try {
      if (this.#follower !== undefined) return this.#follower.follow(handover);
      this.#follower = this.#makeFollower(handover);
    } catch (error) {
      return this.#fail(copyFailed(error));
    }
    try {
      this.#attach();
    } catch (error) {
      this.#fail(error as SeriatimError);
    }
  }

  #makeFollower(first: Handover): Follower<WebListener> {
    return new Follower(
      first,
      (engine) => {
        this.#feeds?.begin(engine);
        const pace = new PublishPace(new Publisher(engine), this.#clock, threadBusyMicros);
        return new WebListener(pace, this.#feeds);
      },
      (error) => this.#fail(copyFailed(error)),
      undefined,
      this.#options.journal && new MissedCommands(this.#options.journal),
    );
  }

  /** Once there is something to show and somebody to show it to. */
  #attach(): void {
    const [http, peer, follower] = [this.#http, this.#peer, this.#follower];
    if (http === undefined || peer === undefined || follower === undefined) return;
    if (this.#isClosed || this.#over !== undefined) return;
    const { orderPort, orderHost, noOrders, access, status, statusOfNow } = peer;
    const { engine, listener } = follower;
    const accounts = new AccountNames(this.#options.accounts, engine.genesis.accountsMax);
    http.server.off("upgrade", this.#refuseEarly);
    this.#sockets = attachWebSockets(http.server, {
      ...{
        host: this.#options.host,
        cert: this.#options.tls?.cert,
        orderPort,
        orderHost,
        noOrders,
        accounts,
        source: engine,
        log: this.#log,
      },
      limits: webLimits(this.#options),
      ...{ access: accessOf(access), nodeKey: access.nodeKey },
      ...{ feeds: this.#feeds, feedSockets: this.#feedSockets },
      ...{ publisher: listener.pace.publisher, counters: this.#counters, clock: this.#clock },
      status: async () => this.#figuresOf(await status(), follower.position),
      sequence: async () => lastEventOf(await statusOfNow()),
    });
  }

  readonly #refuseEarly = (_: IncomingMessage, stream: Duplex): void =>
    refuseUpgrade(stream, 503, this.#showsMarket ? "there is nothing to show yet" : MARKET_NOT_SHOWN);

  /** What channel `status` says of a node's status, and of how far this shows what happens there. */
  #figuresOf(now: NodeStatus, shown: number): NodeFigures {
    const { status, reason, position, durablePosition, load, connections, time_us, role, node, nodes } = now;
    const shownLag_us = this.#shownLag.lag_us(now.visiblePosition, shown, this.#clock.monotonicMicros());
    const figures = { status, reason, position, durablePosition, shownLag_us, ...load, connections, time_us };
    return { ...figures, role, ...(node === "" ? {} : { node, nodes }), tape: tapeOf(now) };
  }

  #fail(error: SeriatimError): void {
    this.#follower?.finish();
    void this.#endShow("the market can't be shown any more");
    this.#onFailure(error);
  }

  /** Tells everybody who is shown the market that it ends. Again: the same answer. */
  #endShow(why: string): Promise<unknown> {
    this.#over ??= Promise.all([this.#sockets?.close(why), this.#feeds?.close(), this.#feedSockets?.close()]);
    return this.#over;
  }

  /** Shows what is visible by now, and ends every connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#feedTimer);
    this.#follower?.finish();
    this.#follower?.listener.finish();
    await this.#endShow("the node stops");
    await this.#http?.close();
  }
}

/** Whether a node makes the market itself, or hears of it from the node that does. */
function hearsOfMarket({ role, nodes }: NodeStatus): boolean {
  return role === "primary" || nodes.some((node) => node.role === "primary" && node.connected);
}

function accessOf({ isOpen, keys }: WebAccess): Access {
  const ring = new KeyRing(keys);
  return {
    isOpen,
    isClaimed: (account) => ring.tradersAccounts.has(account),
    grantOfToken: (token) => ring.grantOfToken(token),
  };
}

function tapeOf({ tape }: NodeStatus): TapeReport | undefined {
  return tape?.figures && { ...tape.figures, failure: tape.failure };
}

/** What a node that failed did last is never released: nobody shall wait for it. */
function lastEventOf({ hasFailed, eventSequence }: NodeStatus): number {
  return hasFailed ? 0 : eventSequence;
}

function copyFailed(cause: unknown): SeriatimError {
  const why = cause instanceof Error ? cause.message : String(cause);
  // What it missed can't be read: the log's damage, or the disk's.
  const what = cause instanceof SeriatimError ? why : `a bug: ${why}`;
  return new SeriatimError("WEB_FAILED", `the web's copy of the exchange can't go on, ${what}`, { cause });
}

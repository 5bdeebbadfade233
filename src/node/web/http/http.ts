// The node's HTTP face: one server; what is computed (health, metrics) is a table of pages, the browser page a table of
// files (page-files.ts). WebSockets come in by `server`'s upgrade event, for their path only. Everything a client can hold
// on to is bounded: connections, header bytes, time.

/// <reference types="node" preserve="true" />

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { SeriatimError } from "../../../base/index.ts";
import {
  boundHandshakes,
  HANDSHAKE_ms,
  packageVersion,
  TLS_VERSION,
  type TlsIdentity,
} from "../../../platform/index.ts";
import { listenOn } from "../../listening.ts";
import type { Log } from "../../log.ts";
import type { NodeStatus, WebStatus } from "../../status.ts";
import { createMetrics } from "../metrics/metrics.ts";
import { FEED_SOCKETS_MAX } from "../web-limits.ts";
import type { PageFile, PageFiles } from "./page-files.ts";

/** Not by an import, which looks at every export: at the one named WebSocket Node loads all of its own, 40 ms of each start. */
const { createServer } = process.getBuiltinModule("node:http");

/** Where WebSockets are. */
const WEBSOCKET_PATH = "/ws";
/** Where binary market data is, if there is any. */
export const FEED_PATH = "/md";
/** 256 WebSockets, and 64 connections for pages and scrapers; the next one is closed at once. Those of binary feeds come on top. */
const CONNECTIONS_MAX = 320;
/** Our requests have no cookies to speak of. */
const HEADER_BYTES_MAX = 8_192;
/** From the first byte to the end of a request. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Between two looks for requests beyond that time, as a part of it: Node's own half a minute would be the bound. */
const REQUEST_CHECKS = 4;
/** How long a peer may take nothing of its answer, as a multiple of that time: 15 s. Else a few stalled ones keep all others out. */
const STALLED_TIMES = 3;
/**
 * Requests of one connection, then it is closed. A packet holds two thousand, and Node takes all that lie in it before an answer is
 * made: who asks on and on asks anew with the others.
 */
const REQUESTS_PER_CONNECTION_MAX = 100;
/** How long an idle kept-alive connection stays. */
const KEEP_ALIVE_MS = 15_000;
/** A year: for a file whose name changes with its content. */
const IMMUTABLE = "public, max-age=31536000, immutable";
/** The page loads and talks to nothing but this server ('self' covers its WebSocket), and is in nobody's frame. */
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** https and wss; plain when left out. */
  readonly tls?: TlsIdentity | undefined;
  /** The node's status; rejects with SeriatimError when the node does not answer. */
  readonly status: () => Promise<NodeStatus>;
  /** What the server's own thread knows. */
  readonly web: () => WebStatus;
  /** The browser page; empty when there is none. */
  readonly files: PageFiles;
  /** Why there is none, in a line. */
  readonly noPage?: string;
  /** Whether there is binary market data. */
  readonly hasFeed?: boolean;
  readonly log: Log;
  /** From the first byte of a request to its last; 5 s when left out. A peer may stall on an answer three times as long. */
  readonly requestTimeout_ms?: number;
}

export interface HttpFace {
  readonly port: number;
  readonly server: Server;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

type PageMaker = () => Promise<Page>;

/** Listens; throws SeriatimError (`EADDRINUSE`, `EACCES`, ...) when it can't. */
export async function startHttp(options: HttpOptions): Promise<HttpFace> {
  const pages = createPages(options);
  const isLast = lastRequests();
  const requestTimeout = options.requestTimeout_ms ?? REQUEST_TIMEOUT_MS;
  const limits = {
    maxHeaderSize: HEADER_BYTES_MAX,
    requestTimeout,
    headersTimeout: requestTimeout,
    connectionsCheckingInterval: requestTimeout / REQUEST_CHECKS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Elsewhere an offer to upgrade (curl's to HTTP/2) is one that a server may leave alone.
    shouldUpgradeCallback: ({ url }: IncomingMessage) => isSocketPath(pathOf(url), options.hasFeed ?? false),
  };
  const answerAll = (request: IncomingMessage, response: ServerResponse): void => {
    if (isLast(request.socket)) response.setHeader("connection", "close");
    answer(pages, options, request, response).catch((error: unknown) => {
      if (error instanceof SeriatimError) return send(response, text(503, error.message));
      options.log.error({ err: error, url: request.url }, "a page failed");
      send(response, text(500, "internal error"));
    });
  };
  const secure = {
    ...options.tls,
    ...limits,
    minVersion: TLS_VERSION,
    handshakeTimeout: HANDSHAKE_ms,
  } as const;
  const server =
    options.tls === undefined ? createServer(limits, answerAll) : createTlsServer(secure, answerAll);
  if (options.tls !== undefined) boundHandshakes(server);
  // Who has sent all it will (`printf ... | nc -N`) gets its answer, and then the end. Node's types don't know it.
  Object.assign(server, { httpAllowHalfOpen: true });
  // What comes beyond is not taken; that the connection ends is `isLast`'s doing.
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
  server.maxConnections = CONNECTIONS_MAX + (options.hasFeed ? FEED_SOCKETS_MAX : 0);
  // Of a connection on which nothing moves; a WebSocket takes it off, it has pings.
  server.timeout = STALLED_TIMES * requestTimeout;
  await listenOn(server, "http-port", options.host, options.port);
  return { port: (server.address() as AddressInfo).port, server, close: () => close(server) };
}

/** Tells of each request whether it is the last that its connection may make. */
function lastRequests(): (socket: Socket) => boolean {
  const made = new WeakMap<Socket, number>();
  return (socket) => {
    const count = (made.get(socket) ?? 0) + 1;
    made.set(socket, count);
    return count === REQUESTS_PER_CONNECTION_MAX;
  };
}

function createPages({ status, web }: HttpOptions): ReadonlyMap<string, PageMaker> {
  const version = packageVersion();
  const metrics = createMetrics();
  return new Map<string, PageMaker>([
    ["/healthz", shared(async () => healthPage(await status(), version))],
    ["/readyz", shared(async () => readyPage(await status()))],
    [
      "/metrics",
      shared(async () => ({ status: 200, ...(await metrics({ ...(await status()), ...web() })) })),
    ],
  ]);
}

/** Whoever asks while a page is made gets that one: however many scrape, it costs one. */
function shared(make: PageMaker): PageMaker {
  let page: Promise<Page> | undefined;
  return () => {
    page ??= make().finally(() => {
      page = undefined;
    });
    return page;
  };
}

function healthPage(now: NodeStatus, version: string): Page {
  const body = {
    status: now.status,
    ...(now.reason === undefined ? {} : { reason: now.reason }),
    role: now.role,
    ...(now.node === "" ? {} : { node: now.node, nodes: now.nodes }),
    position: now.position,
    durablePosition: now.durablePosition,
    connections: now.connections,
    latency: now.latency,
    uptime_s: Math.floor(process.uptime()),
    version,
  };
  const status = now.status === "halted" ? 503 : 200;
  return { status, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(body)}\n` };
}

/** For whoever sends orders on, not for whoever restarts: a node that is not ready is mostly best left alone. */
function readyPage({ takesOrders, role, reason }: NodeStatus): Page {
  const why =
    reason ?? (role === "primary" ? "it stops" : `this node is a ${role}: its primary takes orders`);
  const body = takesOrders ? { ready: true } : { ready: false, role, reason: why };
  const contentType = "application/json; charset=utf-8";
  return { status: takesOrders ? 200 : 503, contentType, body: `${JSON.stringify(body)}\n` };
}

async function answer(
  pages: ReadonlyMap<string, PageMaker>,
  { files, noPage }: Pick<HttpOptions, "files" | "noPage">,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request.url);
  const page = pages.get(path);
  const file = files.get(path);
  if (page === undefined && file === undefined) {
    const isPage = path === "/" && files.size === 0;
    return send(response, text(404, (isPage && noPage) || "not found"));
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return send(response, text(405, "only GET and HEAD"));
  }
  if (file !== undefined) return sendFile(response, file);
  if (page !== undefined) send(response, await page());
}

function isSocketPath(path: string, hasFeed: boolean): boolean {
  return path === WEBSOCKET_PATH || (hasFeed && path === FEED_PATH);
}

export function pathOf(url: string | undefined): string {
  // Who goes by a proxy may say the whole address (RFC 9112, section 3.2.2): whose it is doesn't matter, it came here.
  const [path] = (url ?? "").replace(/^https?:\/\/[^/?]*/i, "").split("?", 1);
  return path === "" ? "/" : path;
}

function text(status: number, line: string): Page {
  return { status, contentType: "text/plain; charset=utf-8", body: `${line}\n` };
}

function send(response: ServerResponse, page: Page): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(page.status, {
    "content-type": page.contentType,
    "content-length": Buffer.byteLength(page.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(page.body);
}

function sendFile(response: ServerResponse, { contentType, bytes, immutable }: PageFile): void {
  response.writeHead(200, {
    "content-type": contentType,
    "content-length": bytes.length,
    "cache-control": immutable ? IMMUTABLE : "no-cache",
    "content-security-policy": PAGE_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
  response.end(bytes);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

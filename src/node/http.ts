// The node's HTTP face: one server, a table of pages. Later steps add pages as rows and WebSocket by `server`'s
// upgrade event. Everything a client can hold on to is bounded: connections, header bytes, time.

/// <reference types="node" preserve="true" />

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { listenOn } from "./listening.ts";
import type { Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import type { NodeStatus } from "./status.ts";
import { packageVersion } from "./version.ts";

/** Browsers and scrapers of one node; the next connection is closed at once. */
const CONNECTIONS_MAX = 64;
/** Our requests have no cookies to speak of. */
const HEADER_BYTES_MAX = 8_192;
/** From the first byte to the end of a request. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Between two looks for requests beyond that time, as a part of it: Node's own half a minute would be the bound. */
const REQUEST_CHECKS = 4;
/** How long an idle kept-alive connection stays. */
const KEEP_ALIVE_MS = 15_000;

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly status: () => NodeStatus;
  readonly log: Log;
  /** From the first byte of a request to its last; 5 s when left out. */
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

type PageMaker = () => Page | Promise<Page>;

/** Listens; throws SeriatimError (`EADDRINUSE`, `EACCES`, ...) when it can't. */
export async function startHttp(options: HttpOptions): Promise<HttpFace> {
  const pages = createPages(options.status);
  const requestTimeout = options.requestTimeout_ms ?? REQUEST_TIMEOUT_MS;
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      requestTimeout,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: requestTimeout / REQUEST_CHECKS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => {
      answer(pages, request, response).catch((error: unknown) => {
        options.log.error({ err: error, url: request.url }, "a page failed");
        send(response, text(500, "internal error"));
      });
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listenOn(server, "http-port", options.host, options.port);
  return { port: (server.address() as AddressInfo).port, server, close: () => close(server) };
}

function createPages(status: () => NodeStatus): ReadonlyMap<string, PageMaker> {
  const version = packageVersion();
  const metrics = createMetrics(status);
  return new Map<string, PageMaker>([
    ["/healthz", () => healthPage(status(), version)],
    ["/metrics", async () => ({ status: 200, ...(await metrics()) })],
  ]);
}

function healthPage(now: NodeStatus, version: string): Page {
  const body = {
    status: now.status,
    ...(now.reason === undefined ? {} : { reason: now.reason }),
    role: now.role,
    position: now.position,
    durablePosition: now.durablePosition,
    connections: now.connections,
    uptime_s: Math.floor(process.uptime()),
    version,
  };
  const status = now.status === "halted" ? 503 : 200;
  return { status, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(body)}\n` };
}

async function answer(
  pages: ReadonlyMap<string, PageMaker>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0];
  const page = pages.get(path);
  if (page === undefined) return send(response, text(404, "not found"));
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return send(response, text(405, "only GET and HEAD"));
  }
  send(response, await page());
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

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

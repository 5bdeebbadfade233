// The port of administrators: on the loopback interface alone, few connections, and each of them bounded in time.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { makeNonce } from "../../platform/index.ts";
import type { AdminRequest } from "../../protocol/index.ts";
import type { KeyRing } from "../../runtime/index.ts";
import { listenOn } from "../listening.ts";
import type { Log } from "../log.ts";
import { AdminSession } from "./admin-session.ts";

/** Whoever reaches this machine's own interface may try; nobody else. */
export const ADMIN_HOST = "127.0.0.1";
/** Administrators are few; the next one is closed at once. */
const CONNECTIONS_MAX = 8;
/** A program signs at once. */
const LOGON_MS = 5_000;
/** Before a wrong proof is answered: with the connections there are, at most 8 attempts a second. */
const WRONG_PROOF_MS = 1_000;
/** Answers that nobody reads: more than a thousand of them. */
const OUTPUT_BYTES_MAX = 1_048_576;
/** Without a command for so long a connection ends. */
const IDLE_MS = 60_000;

export interface AdminListener {
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminListenerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly keys: KeyRing;
  /** Does what an administrator asks for; throws SeriatimError. */
  readonly execute: (request: AdminRequest, who: string) => Promise<object>;
  readonly log: Log;
}

/** Whether anybody could log on to give commands. */
export function hasAdministrator(keys: KeyRing | undefined): keys is KeyRing {
  return keys !== undefined && keys.names("admin").length > 0;
}

/** Listens; throws SeriatimError naming the port when it can't. */
export async function startAdmin(options: AdminListenerOptions): Promise<AdminListener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, options);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listenOn(server, "admin-port", ADMIN_HOST, options.port);
  return { port: (server.address() as AddressInfo).port, close: () => close(server, sockets) };
}

function serve(socket: Socket, { keys, execute, log }: AdminListenerOptions): void {
  const lastWord = { timer: undefined as NodeJS.Timeout | undefined };
  const session = new AdminSession({
    keys,
    nonce: makeNonce(),
    say: (line) => {
      socket.write(`${line}\n`);
      if (socket.writableLength > OUTPUT_BYTES_MAX) socket.destroy();
    },
    execute,
    end: (line, why) => {
      const bye = () => socket.end(`${line}\n`);
      if (why === "bad line") return void bye();
      log.warn("an administrator's logon was refused: no such name, or not its key");
      lastWord.timer = setTimeout(bye, WRONG_PROOF_MS);
    },
    onBug: (err) => log.error({ err }, "an administrative command failed"),
  });
  const late = setTimeout(() => !session.isLoggedOn && socket.destroy(), LOGON_MS);
  socket.setEncoding("utf8");
  socket.setTimeout(IDLE_MS, () => !session.isBusy && socket.destroy());
  socket.on("data", (text: string) => {
    session.received(text).then(() => socket.resume());
    if (session.isBusy) socket.pause();
  });
  socket.on("error", () => {}); // whoever goes away without a word is gone
  socket.on("close", () => {
    session.closed();
    clearTimeout(late);
    clearTimeout(lastWord.timer);
  });
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

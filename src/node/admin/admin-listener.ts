// The port of administrators: on the loopback interface alone, few connections, and each of them bounded in time.

import type { AddressInfo, Server, Socket } from "node:net";
import { SeriatimError } from "../../base/index.ts";
import { createServerOf, makeNonce, type TlsIdentity, within } from "../../platform/index.ts";
import type { AdminRequest } from "../../protocol/index.ts";
import type { KeyRing } from "../../runtime/index.ts";
import { listenOn } from "../listening.ts";
import type { Log } from "../log.ts";
import { AdminSession } from "./admin-session.ts";

/** Whoever reaches this machine's own interface may try; nobody else. */
export const ADMIN_HOST = "127.0.0.1";
/** Administrators are few; the next one is told so. */
const ADMINISTRATORS_MAX = 8;
/** Connections without a logon. For one more the oldest goes: so those who say nothing keep no administrator out. */
const STRANGERS_MAX = 8;
/** A program signs at once. */
const LOGON_MS = 5_000;
/** Before a wrong proof is answered. */
const WRONG_PROOF_MS = 1_000;
/** For the last line to be read. What comes meanwhile is dropped; so is, then, who still holds the connection. */
const GOODBYE_MS = 1_000;
/** Answers that nobody reads: more than a thousand of them. */
const OUTPUT_BYTES_MAX = 1_048_576;
/** Without a command for so long a connection ends. */
const IDLE_MS = 60_000;

export interface AdminListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Less than the command line waits for an answer; a snapshot of millions of orders is some seconds. */
const ANSWER_MS = 50_000;

export interface AdminListenerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: TlsIdentity | undefined;
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
  const sockets = { administrators: new Set<Socket>(), strangers: new Set<Socket>() };
  const { administrators, strangers } = sockets;
  const server = createServerOf(options.tls, (socket) => {
    if (strangers.size >= STRANGERS_MAX) oldestOf(strangers).destroy();
    strangers.add(socket);
    socket.on("close", () => {
      administrators.delete(socket);
      strangers.delete(socket);
    });
    serve(socket, options, () => {
      if (administrators.size >= ADMINISTRATORS_MAX) return false;
      strangers.delete(socket);
      administrators.add(socket);
      return true;
    });
  });
  await listenOn(server, "admin-port", ADMIN_HOST, options.port);
  const all = () => [...administrators, ...strangers];
  return { port: (server.address() as AddressInfo).port, close: () => close(server, all()) };
}

function oldestOf(sockets: Set<Socket>): Socket {
  const [oldest] = sockets;
  sockets.delete(oldest);
  return oldest;
}

function serve(socket: Socket, { keys, execute, log }: AdminListenerOptions, admit: () => boolean): void {
  let timer = setTimeout(() => socket.destroy(), LOGON_MS);
  const session = new AdminSession({
    keys,
    nonce: makeNonce(),
    admit: () => {
      const isAdmitted = admit();
      if (isAdmitted) clearTimeout(timer);
      return isAdmitted;
    },
    say: (line) => {
      socket.write(`${line}\n`);
      if (socket.writableLength > OUTPUT_BYTES_MAX) socket.destroy();
    },
    execute: (request, who) => answeredInTime(execute(request, who)),
    end: (line, when) => {
      clearTimeout(timer);
      const sayGoodbye = () => {
        socket.end(`${line}\n`);
        timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
      };
      if (when === "at once") return sayGoodbye();
      log.warn("an administrator's logon was refused: no such name, or not its key");
      timer = setTimeout(sayGoodbye, WRONG_PROOF_MS);
    },
    onBug: (err) => log.error({ err }, "an administrative command failed"),
  });
  socket.setEncoding("utf8");
  socket.setTimeout(IDLE_MS, () => !session.isBusy && socket.destroy());
  socket.on("data", (text: string) => {
    // Whatever is worked on: nothing is read before all of it is answered.
    socket.pause();
    session.received(text).then(() => socket.resume());
  });
  socket.on("error", () => {}); // whoever goes away without a word is gone
  socket.on("close", () => {
    session.closed();
    clearTimeout(timer);
  });
}

/** Work that waits for a disk that hangs goes on behind this answer: nobody could take it back. */
async function answeredInTime(work: Promise<object>): Promise<object> {
  if (await within(work, ANSWER_MS)) return work;
  const what = `it is under way, and not done after ${ANSWER_MS / 1e3} s: the disk may hang`;
  throw new SeriatimError("UNCERTAIN", `${what}; ask for the status, the node's log says when it is done`);
}

function close(server: Server, sockets: readonly Socket[]): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

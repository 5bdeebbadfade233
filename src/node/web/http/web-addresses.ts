// How many connections one address may have to the HTTP server, pages, scrapers and WebSockets together: one more is closed
// before anything is read from it. The table is as long as there are connections.

/// <reference types="node" preserve="true" />

import type { Server } from "node:http";
import type { Socket } from "node:net";
import { type AddressLimits, AddressTable, addressKey } from "../../../base/index.ts";

/** Why a connection was refused before anything was read of it. */
export type HttpRefusal = "Address" | "Full";

/** Closes what is too many; tells `refused` of each, also of those that the server itself has no room for. */
export function limitAddresses(
  server: Server,
  limits: AddressLimits,
  refused: (why: HttpRefusal) => void,
): void {
  const table = new AddressTable(limits);
  // Of TLS too the connection itself, before its handshake.
  server.prependListener("connection", (socket: Socket) => {
    const key = addressKey(socket.remoteAddress ?? "");
    if (table.enter(key)) socket.once("close", () => table.leave(key));
    else {
      refused("Address");
      socket.destroy();
    }
  });
  server.on("drop", () => refused("Full"));
}

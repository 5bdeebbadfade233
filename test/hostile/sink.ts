// What attackers attack in place of the node, to see what is the machine's: it accepts, reads and drops, over TCP and WebSockets, and
// where it is told to it ends a connection that has sent something. At the node's priority, in a process of its own.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { WebSocketServer } from "ws";

export interface SinkOrder {
  /** Whether a connection is ended that has sent something. */
  readonly ends: boolean;
}

export interface SinkPorts {
  readonly orderPort: number;
  readonly httpPort: number;
}

let doesEnd = false;
const orders = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.on("data", () => {
    if (doesEnd) socket.destroy();
  });
});
orders.listen(0, "127.0.0.1");
const web = new WebSocketServer({ host: "127.0.0.1", port: 0 });
web.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", () => {});
});
const areOpen = Promise.all([once(orders, "listening"), once(web, "listening")]);

process.on("message", async ({ ends }: SinkOrder) => {
  await areOpen;
  doesEnd = ends;
  const [orderPort, httpPort] = [orders, web].map((server) => (server.address() as AddressInfo).port);
  process.send?.({ orderPort, httpPort } satisfies SinkPorts);
});
process.on("disconnect", () => process.exit(0));

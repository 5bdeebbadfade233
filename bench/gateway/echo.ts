// The baseline of the gateway bench: a bare server of the same runtime and socket options that echoes each chunk as
// received. A process of its own, as the exchange is, and watched like it.

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { ExchangeQuestion } from "../exchange-process.ts";
import { StandstillWatch } from "../standstill.ts";

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk));
  socket.on("end", () => socket.end());
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
const watch = new StandstillWatch();
process.on("message", (question: ExchangeQuestion) => {
  if (question === "watch") watch.begin();
  process.send?.(question === "watch" ? {} : watch.end());
});
process.on("disconnect", () => process.exit(0));

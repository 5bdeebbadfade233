// A program whose listener throws at the first tick, once, and that goes on: what it saw of that and of what came after.

import { TickClient } from "../../../src/feed-runtime/index.ts";
import { joined, quote, trade } from "../../feed/ticks/client/support.ts";
import { ScriptedServer } from "./scripted-server.ts";

process.on("uncaughtException", (error) => console.log(error.message));
// The first read ends inside a frame.
const stream = joined(trade(1, 1, 5), trade(2, 1, 5), quote(3, 1, 4, 5));
const server = await ScriptedServer.started((socket, number) => {
  socket.write(number === 0 ? stream.subarray(0, 70) : stream);
});
const seen: number[] = [];
let hasThrown = false;
const { promise, resolve } = Promise.withResolvers<void>();
const client: TickClient = new TickClient({
  host: "127.0.0.1",
  port: server.port,
  listener: {
    onTrade: (tick) => {
      if (!hasThrown) {
        hasThrown = true;
        throw new Error("thrown");
      }
      seen.push(tick.sequence);
    },
    onQuote: (tick) => {
      seen.push(tick.sequence);
      resolve();
    },
    onState: (_, why) => void (why === undefined || console.log(why.code)),
  },
});
await promise;
const { checksumIncidents, typeIncidents, gapIncidents } = client.counters;
console.log(`${seen.join(" ")}, ${checksumIncidents + typeIncidents + gapIncidents} incidents`);
await client.stop();
await server.close();

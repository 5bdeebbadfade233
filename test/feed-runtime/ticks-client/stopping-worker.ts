// Stops a ticks/1 client in each of its states, and then does nothing to end: a timer or socket left behind would keep it.

import type { TickState } from "../../../src/feed/index.ts";
import { TickClient } from "../../../src/feed-runtime/index.ts";
import { heartbeat } from "../../feed/ticks/client/support.ts";
import { ScriptedServer } from "./scripted-server.ts";

const silent = await ScriptedServer.started(() => {});
const talking = await ScriptedServer.started((socket) => void socket.write(heartbeat(1)));
// Nothing listens there.
const gonePort = 1;

async function stopIn(state: TickState, port: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listener = { onState: (now: TickState) => void (now === state && resolve()) };
  const client = new TickClient({ host: "127.0.0.1", port, listener, subscription: [1] });
  if (state === "connecting") resolve();
  await promise;
  client.subscribe([2]);
  const stoppedBecause = await client.stop();
  const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout");
  console.log(state, client.state, stoppedBecause === undefined, timers.length);
  await client.stop();
}

await stopIn("connecting", silent.port);
await stopIn("open", silent.port);
await stopIn("live", talking.port);
await stopIn("waiting", gonePort);
await silent.close();
await talking.close();

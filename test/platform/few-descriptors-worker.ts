// A process of its own, started with few descriptors: a transport whose handler answers every byte with itself. Prints its port, and
// ends when its standard input does.

import { NetTransport } from "../../src/platform/index.ts";

const transport = new NetTransport({ connectionsMax: 1_000 });
const listener = await transport.listen(
  { host: "127.0.0.1", port: 0 },
  {
    opened: () => {},
    received: (connection, bytes) => void transport.send(connection, bytes.slice(), 0, bytes.length),
    drained: () => {},
    ended: (connection) => transport.close(connection),
    closed: () => {},
  },
);
process.stdout.write(`${listener.port}\n`);
process.stdin.resume().on("end", () => process.exit());

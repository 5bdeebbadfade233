// The line for load tools that logs on: what it says of an exchange that does not list its instruments now.

import { expect, test } from "vitest";
import { orderLine } from "../../src/client/index.ts";
import { MessageType, Reason } from "../../src/protocol/index.ts";
import { ALICE, startSessionServer } from "./session-server.ts";

// The refusal was taken for that of an order, which nobody had sent: "it answered a command that was not sent".
test("a list of instruments that is refused ends the line, and the end says so", async () => {
  const server = await startSessionServer({
    frame: (peer, { type, request }) => {
      if (type === MessageType.Instruments) peer.refuse(request, 0, Reason.Throttled, type);
    },
  });
  const rejected: number[] = [];
  const listener = { onReject: (id: number) => rejected.push(id) } as never;
  const line = orderLine({
    ...{ host: "127.0.0.1", port: server.port, account: 7, window: 8 },
    ...{ key: ALICE, listener },
  });
  await line.connected();
  line.instruments(7);
  line.flush();
  const closed = await line.closed;
  expect(closed?.message).toMatch(/^the instrument list was refused: Throttled \(/);
  expect(rejected).toEqual([]);
  await server.close();
});

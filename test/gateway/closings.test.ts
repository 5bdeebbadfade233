// What a gateway says of connections that end, for whoever is asked why.

import { expect, test } from "vitest";
import { GATEWAY_LIMITS } from "../../src/gateway/index.ts";
import { MessageType } from "../../src/protocol/index.ts";
import { logon, logonRequest, logout, PROOF, sessionVenue } from "./session-support.ts";
import { concat, hello, order } from "./support.ts";

const changed = (frame: Uint8Array, at: number, byte: number) => {
  const copy = Uint8Array.from(frame);
  copy[at] = byte;
  return copy;
};

const VERSION_LOW = 3;
const TYPE_LOW = 1;
const LENGTH_LOW = 7;
const rows: [what: string, sent: Uint8Array, said: object][] = [
  [
    "another version",
    changed(order(1), VERSION_LOW, 9),
    { outcome: "UnsupportedVersion", type: MessageType.NewOrder },
  ],
  ["an unknown type", changed(order(1), TYPE_LOW, 99), { outcome: "UnknownType", type: 99 }],
  [
    "a body of another length",
    changed(order(1), LENGTH_LOW, 1),
    { outcome: "BodyLengthMismatch", type: MessageType.NewOrder },
  ],
  [
    "what only servers send",
    changed(order(1), TYPE_LOW, MessageType.Ack),
    { outcome: "OutOfPlace", type: MessageType.Ack },
  ],
  ["a session's frame before the logon", logout(), { outcome: "OutOfPlace", type: MessageType.Logout }],
  ["a Logon nobody was challenged for", logon(), { outcome: "OutOfPlace", type: MessageType.Logon }],
  [
    "a Hello that changes the account too late",
    concat(order(1), hello(9)),
    { outcome: "OutOfPlace", type: MessageType.Hello },
  ],
];
test.each(rows)("malformed, %s: what decoding said, and the type", (_what, bytes, said) => {
  const venue = sessionVenue();
  venue.open(0);
  venue.gateway.received(0, bytes);
  expect(venue.closings).toMatchObject([{ reason: "Malformed", ...said }]);
});

test("a refused Hello: the account that was said", () => {
  const venue = sessionVenue({ reserved: [7] });
  for (const [connection, account] of [7, GATEWAY_LIMITS.accountsMax].entries()) {
    venue.open(connection);
    venue.gateway.received(connection, hello(account));
  }
  expect(venue.closings).toMatchObject([
    { reason: "UnknownAccount", account: 7 },
    { reason: "UnknownAccount", account: GATEWAY_LIMITS.accountsMax },
  ]);
});

test("a refused logon: the name and the account that were said, and why not", () => {
  const venue = sessionVenue();
  const tryWith = (connection: number, frame: Uint8Array) => {
    venue.open(connection);
    venue.gateway.received(connection, concat(logonRequest(), frame));
    venue.turn();
  };
  tryWith(0, logon({ name: "mallory", account: 3 }, PROOF + 1));
  tryWith(1, logon({ name: "ann", account: 99_999 }));
  venue.exchange.refusal = 7;
  tryWith(2, logon({ name: "ann", account: 8 }));
  expect(venue.closings).toMatchObject([
    { reason: "LogonRefused", name: "mallory", account: 3, refusal: "NotAuthorised" },
    { reason: "LogonRefused", name: "ann", account: 99_999, refusal: "NotAuthorised" },
    { reason: "LogonRefused", name: "ann", account: 8, refusal: expect.any(String) },
  ]);
  expect(venue.gateway.counters.logonsRefused).toMatchObject({ NotAuthorised: 2 });
});

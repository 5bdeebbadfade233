// What the server answers, byte for byte.

import { expect, test } from "vitest";
import {
  ackText,
  ErrorCode,
  errorText,
  Reason,
  reasonName,
  reasonText,
  rejectText,
  subscriptionText,
  welcomeText,
} from "../../../src/protocol/index.ts";

const welcome = {
  request: undefined,
  version: "0.1.0",
  account: "alice",
  accountNumber: 1,
  instruments: [{ symbol: "BTC-USD", decimals: 2, tick: "0.50", lot: 1 }],
  limits: { messageBytes: 65536, messagesPerSecond: 500, depthLevels: 20, maxQuantity: 9, maxNotional: 99 },
};
const LISTS =
  '"instruments":[{"symbol":"BTC-USD","decimals":2,"tick":"0.50","lot":1}],' +
  '"limits":{"messageBytes":65536,"messagesPerSecond":500,"depthLevels":20,"maxQuantity":9,"maxNotional":99}';

const rows: [what: string, text: string, wanted: string][] = [
  [
    "welcome",
    welcomeText(welcome),
    `{"type":"welcome","schema":1,"version":"0.1.0","account":"alice","accountNumber":1,${LISTS}}`,
  ],
  [
    "welcome without an account",
    welcomeText({ ...welcome, request: 1, account: undefined, accountNumber: undefined }),
    `{"type":"welcome","request":1,"schema":1,"version":"0.1.0",${LISTS}}`,
  ],
  [
    "ack",
    ackText(1, "18446744073709551615", 17),
    '{"type":"ack","request":1,"id":"18446744073709551615","sequence":"17"}',
  ],
  [
    "ack of a request without a number",
    ackText(undefined, "1", 17),
    '{"type":"ack","id":"1","sequence":"17"}',
  ],
  [
    "reject",
    rejectText(1, "1", Reason.DuplicateOrderId),
    '{"type":"reject","request":1,"id":"1","code":7,"reason":"DuplicateOrderId","text":"an order with this id rests already"}',
  ],
  [
    "subscribed",
    subscriptionText({
      type: "subscribe",
      request: 5,
      channels: ["depth"],
      symbols: ["BTC-USD"],
      level: undefined,
    }),
    '{"type":"subscribed","request":5,"channels":["depth"],"symbols":["BTC-USD"]}',
  ],
  [
    "unsubscribed from all instruments",
    subscriptionText({
      type: "unsubscribe",
      request: undefined,
      channels: ["depth"],
      symbols: undefined,
      level: undefined,
    }),
    '{"type":"unsubscribed","channels":["depth"]}',
  ],
  [
    "error",
    errorText({ request: 5, code: ErrorCode.UnknownSymbol, text: "symbols[0]: there is no instrument X" }),
    '{"type":"error","request":5,"code":"UNKNOWN_SYMBOL","text":"symbols[0]: there is no instrument X"}',
  ],
];
test.each(rows)("%s", (_what, text, wanted) => expect(text).toBe(wanted));

test("every reason is told in words of its own, and one that this version doesn't know by its number", () => {
  const texts = Object.values(Reason).map(reasonText);
  expect(new Set(texts).size).toBe(texts.length);
  expect([reasonName(200), reasonText(200)]).toEqual(["Reason200", "refused for reason 200"]);
});

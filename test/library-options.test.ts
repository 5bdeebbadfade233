// Every call of the library that takes options refuses one that it does not have: an account, a limit or a protection that is misspelt
// must not be left out in silence.

import { expect, test } from "vitest";
import {
  connectOrderEntry,
  connectOrderPipe,
  connectResumingOrderEntry,
  connectSession,
  connectTrading,
  ExchangeSocket,
} from "../src/client/index.ts";
import { FeedHandler, FeedRecorder, RecordingPlayer, TickClient } from "../src/feed-runtime/index.ts";
import { configurationOf } from "../src/node/index.ts";
import { TapeAdministrator, TapeBroker, TapePublisher, TapeSubscriber } from "../src/tape-runtime/index.ts";

test.each<[call: string, make: (options: never) => unknown, wrong: string, meant: string]>([
  ["connectOrderEntry", connectOrderEntry, "acount", "account"],
  ["connectResumingOrderEntry", connectResumingOrderEntry, "patience", "patience_ms"],
  ["connectTrading", connectTrading, "cancelOnDisconect", "cancelOnDisconnect"],
  ["connectSession", connectSession, "deadmanMs", "deadMan_ms"],
  ["connectOrderPipe", connectOrderPipe, "windows", "window"],
  ["ExchangeSocket", (options) => new ExchangeSocket(options), "readonly", "readOnly"],
  ["TapePublisher.connect", TapePublisher.connect, "lingerMs", "linger_ms"],
  ["TapeSubscriber.connect", TapeSubscriber.connect, "creditbyte", "creditBytes"],
  ["TapeAdministrator.connect", TapeAdministrator.connect, "livenes_ms", "liveness_ms"],
  ["TapeBroker.start", TapeBroker.start, "leaseMs", "lease_ms"],
  ["TickClient", (options) => new TickClient(options), "maxSymbol", "maxSymbols"],
  ["FeedHandler", (options) => new FeedHandler(options), "channel", "channels"],
  ["FeedRecorder.start", FeedRecorder.start, "diretory", "directory"],
  ["RecordingPlayer.start", RecordingPlayer.start, "skips", "skip_s"],
])("%s refuses an option that it does not have", async (call, make, wrong, meant) => {
  const made = async () => make({ [wrong]: 1 } as never);
  await expect(made()).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: `${call} has no option "${wrong}", is ${meant} meant?`,
  });
});

test("a node that a program starts refuses a setting that there is not", () => {
  expect(() => configurationOf({ maxQuantitty: 5 } as never)).toThrow(
    'unknown setting "maxQuantitty", is maxQuantity meant?',
  );
});

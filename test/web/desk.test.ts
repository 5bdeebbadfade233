// What the page does and says, on a WebSocket that the test answers.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SocketLike } from "../../src/client/socket/index.ts";
import { Desk } from "../../web/desk.ts";

class Answered implements SocketLike {
  readonly bufferedAmount = 0;
  static latest: Answered;
  readonly sent: string[] = [];
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;

  constructor() {
    Answered.latest = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {}

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  welcome(...symbols: readonly (readonly [symbol: string, decimals: number])[]): void {
    this.onopen?.();
    const instruments = symbols.map(([symbol, decimals]) => {
      return { symbol, decimals, tick: (10 ** -decimals).toFixed(decimals), lot: 1 };
    });
    this.say({ type: "welcome", version: "0", account: "1", accountNumber: 1, instruments });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Answered);
  vi.stubGlobal("requestAnimationFrame", () => 0);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Lost, and connected again. */
function reconnect(...symbols: readonly (readonly [symbol: string, decimals: number])[]): void {
  const lost = Answered.latest;
  lost.onclose?.({ code: 1006, reason: "" });
  while (Answered.latest === lost) vi.advanceTimersToNextTimer();
  Answered.latest.welcome(...symbols);
}

const lines = (desk: Desk): string[] => desk.notices.shown.map(({ text }) => text);

test("cancelling all without a connection says that nothing was sent", async () => {
  const desk = new Desk("ws://x/ws");
  const socket = Answered.latest;
  socket.welcome(["A", 2]);
  const order = { id: "1", symbol: "A", side: "buy", price: "1.00", quantity: 1 };
  socket.say({ type: "orders", sequence: "1", orders: [order], isTruncated: false });
  socket.onclose?.({ code: 1006, reason: "" });
  await desk.cancelAll();
  expect(lines(desk)).toEqual(["Not connected: no cancel was sent"]);
});

test("a price that was typed stays over a reconnect to the same instrument", () => {
  const desk = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2], ["B", 4]);
  desk.setDraft({ price: "12.34" });
  reconnect(["A", 2], ["B", 4]);
  expect([desk.symbol, desk.draft.price]).toEqual(["A", "12.34"]);
  desk.chooseAccount("2");
  Answered.latest.welcome(["A", 2], ["B", 4]);
  expect(desk.draft.price).toBe("12.34");
});

// It went to the next instrument's form.
test.each([
  ["that is not listed any more", [["B", 4]]],
  ["that has other decimals now", [["A", 0]]],
] as const)("a price that was typed for an instrument %s is cleared", (_what, listed) => {
  const desk = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2], ["B", 4]);
  desk.setDraft({ price: "12.34" });
  reconnect(...listed);
  expect([desk.symbol, desk.draft.price]).toEqual([listed[0][0], ""]);
});

test("choosing another instrument clears the price", () => {
  const desk = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2], ["B", 4]);
  desk.setDraft({ price: "12.34" });
  desk.select("B");
  expect(desk.draft.price).toBe("");
});

// A WebSocket without a network: the test says what the server says, and reads what the client sent.

import { ExchangeSocket, type ExchangeSocketOptions, type SocketLike } from "../../../src/client/index.ts";

class ScriptedSocket implements SocketLike {
  readonly sent: Record<string, unknown>[] = [];
  closed = false;
  bufferedAmount = 0;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  say(...messages: object[]): void {
    for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) });
  }
}

export const INSTRUMENTS = [
  { symbol: "BTC-USD", decimals: 2, tick: "0.50", lot: 1 },
  { symbol: "ETH-USD", decimals: 2, tick: "0.05", lot: 1 },
];

export const WELCOME = {
  type: "welcome",
  schema: 1,
  version: "0.1.0",
  account: "alice",
  accountNumber: 1,
  instruments: INSTRUMENTS,
};

/** A client and the sockets that it opened, the latest last. */
export function scripted(options: Partial<Omit<ExchangeSocketOptions, "openSocket">> = {}) {
  const urls: string[] = [];
  const sockets: ScriptedSocket[] = [];
  const client = new ExchangeSocket({
    url: "ws://exchange/ws",
    ...options,
    openSocket: (url) => {
      urls.push(url);
      const socket = new ScriptedSocket();
      sockets.push(socket);
      return socket;
    },
  });
  return { client, sockets, urls };
}

/** As `scripted`, with hello answered and nothing of that left among what was sent. */
export function welcomed(options: Omit<ExchangeSocketOptions, "url" | "openSocket"> = { account: "alice" }) {
  const { client, sockets } = scripted(options);
  const [socket] = sockets;
  socket.onopen?.();
  socket.say(WELCOME);
  socket.sent.length = 0;
  return { client, sockets, socket };
}

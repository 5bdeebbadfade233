// The WebSocket client: the part of the client library that runs in browsers too, so it imports nothing of Node.

export { Book, BookSide } from "./book.ts";
export { type Candle, CandleSeries } from "./candles.ts";
export type {
  Connection,
  ExchangeListener,
  ExchangeSocketOptions,
  NewSocketOrder,
  SocketLike,
} from "./connection.ts";
export { ExchangeSocket } from "./exchange-socket.ts";
export { type BestLevel, Market, type MarketChannel, type Trade } from "./market.ts";
export { type OwnFill, type OwnOrder, OwnOrders } from "./own-orders.ts";
export type { Day, DayPicture, Queue, QueuedOrder, QueueLevel } from "./pictures.ts";
export type { MassCancelAnswer, RequestAnswer, RequestRefused } from "./requests.ts";

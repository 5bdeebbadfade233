// Sockets, datagrams, files and threads of market data, around the pure decisions of src/feed. The package's entry
// `seriatim/feed` is this file: what is pure comes along.

export * from "../feed/index.ts";
export { type DatagramAddress, DatagramSender } from "./serving/datagram-sender.ts";
export * from "./ticks-client/index.ts";

// The tape's sockets, threads and files around the pure decisions of src/tape: the broker and its clients.

export { TAPE_STOP_MS, TapeBroker } from "./broker/broker.ts";
export { TAPE_WORKERS_MAX, type TapeBrokerOptions } from "./broker/broker-options.ts";
export * from "./client/index.ts";
export { openTapeDirectory } from "./directory/tape-directory.ts";

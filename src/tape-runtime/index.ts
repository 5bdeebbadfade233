// The tape's sockets, threads and files around the pure decisions of src/tape: the broker and its clients.

export { openTapeDirectory } from "./directory/tape-directory.ts";

// Whether what a connection brings is the protocol that it is recorded as: looked at up to its first whole message, and no further.

import type { Checksums } from "../../base/index.ts";
import { PacketStream } from "../handler/packet-stream.ts";
import { TickCounters, TickParser } from "../ticks/client/index.ts";
import type { RecordedProtocolName } from "./layout.ts";

export class FirstMessage {
  readonly #push: (bytes: Uint8Array) => void;
  #hasCome = false;

  constructor(protocol: RecordedProtocolName, checksums: Checksums) {
    const come = (): void => {
      this.#hasCome = true;
    };
    if (protocol === "ticks") {
      const parser = new TickParser({ take: come }, new TickCounters());
      this.#push = (bytes) => void parser.push(bytes);
    } else {
      // A reply has no checksum, so anything may look like one.
      const stream = new PacketStream(checksums, { packet: come, reply: () => {} });
      this.#push = (bytes) => stream.push(bytes);
    }
  }

  /** Takes what came in; true: a whole message has. */
  received(bytes: Uint8Array): boolean {
    if (!this.#hasCome) this.#push(bytes);
    return this.#hasCome;
  }
}

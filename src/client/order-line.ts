// One connection for orders at full speed, whichever way the exchange is spoken to: in open mode, or logged on with a key. Who
// is content with acks, rejects and fills (load tools, flows, simulated traders) writes one program for both.

import type { SeriatimError } from "../base/index.ts";
import { KeyedPipe } from "./keyed-pipe.ts";
import { OrderPipe } from "./open/order-pipe.ts";
import type { SessionKey } from "./session/session-key.ts";
import type { TlsOptions } from "./tls-options.ts";
import type { AnswerListener } from "./wire/answer-reader.ts";

export interface OrderLineOptions {
  readonly host: string;
  readonly port: number;
  readonly account: number;
  /** The most requests unanswered at once, 1 to WINDOW_MAX. */
  readonly window: number;
  /** Logs on with it; open mode when left out. */
  readonly key?: SessionKey | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly connectTimeout_ms?: number | undefined;
  readonly listener: AnswerListener;
}

/** See OrderPipe. */
export interface OrderLine {
  readonly peer: string;
  readonly closed: Promise<SeriatimError | undefined>;
  readonly writable: boolean;
  connected(): Promise<void>;
  welcome<T>(answer: Promise<T>): Promise<T>;
  ready(): Promise<void>;
  /** The instruments, and then a HelloAck. */
  instruments(account: number): void;
  newOrder: OrderPipe["newOrder"];
  cancel: OrderPipe["cancel"];
  modify: OrderPipe["modify"];
  flush(): void;
  end(): Promise<SeriatimError | undefined>;
  destroy(failure?: SeriatimError): void;
}

/** Begins to connect; throws SeriatimError `INVALID_ARGUMENT`, or what is wrong with the key's file. */
export function orderLine(options: OrderLineOptions): OrderLine {
  const { key, ...open } = options;
  return key === undefined ? new OrderPipe(open) : new KeyedPipe({ ...open, key });
}

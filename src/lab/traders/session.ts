// One trader's connection: its commands out, what it hears back in. A connection that is lost is made again, with pauses
// that double up to a bound; until then the trader rests. Nothing is sent twice: what came of a request without an answer
// the trader finds out by its next one (quoter.ts).

import { highLane, lowLane, SeriatimError } from "../../base/index.ts";
import {
  type AnswerListener,
  connectionLost,
  helloFailed,
  idOf,
  type ListedInstrument,
  type OrderLine,
  Outstanding,
  orderLine,
  type SessionKey,
  type TlsOptions,
} from "../../client/index.ts";
import { Reason } from "../../protocol/index.ts";
import { putCommand } from "./commands.ts";
import type { Trader, TraderCommand } from "./trader.ts";

/** Unanswered requests of one trader: what an exchange answers in one group commit, at any sensible rate. */
const WINDOW = 512;
/** Before the second try, and the longest pause before any other. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;
/** How long a trader rests that the gateway refuses (halted, no disk, throttled): it won't be better at once. */
const REFUSED_PAUSE_MS = 500;

export interface SessionOptions {
  readonly host: string;
  readonly port: number;
  readonly account: number;
  /** Logs on with it; open mode when left out. */
  readonly key?: SessionKey | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly trader: Trader;
  /** What the exchange must list, as it did at first: the orders are for these. */
  readonly instruments: readonly ListedInstrument[];
  readonly onSent: () => void;
  readonly onFill: () => void;
  readonly onReject: (reason: number) => void;
  /** The connection is gone, and will be made again. */
  readonly onLost: (why: SeriatimError) => void;
  readonly onBack: () => void;
  /** It can't go on: the exchange there is another one. */
  readonly onFailed: (why: SeriatimError) => void;
}

export class TraderSession {
  readonly #options: SessionOptions;
  #pipe: OrderLine | undefined;
  #outstanding = new Outstanding<TraderCommand>(WINDOW);
  #listed: ListedInstrument[] = [];
  #welcome = Promise.withResolvers<undefined>();
  #isOpen = false;
  #isStopped = false;
  #retry_ms = RETRY_MIN_MS;
  #timer: NodeJS.Timeout | undefined;
  #isResting = false;
  /** What is sent and refused from now on only takes quotes back. */
  #isCleaningUp = false;
  /** Once it is ending: all that was sent is answered. */
  #settled: PromiseWithResolvers<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Whether a command may be sent now. */
  get isReady(): boolean {
    return this.#isOpen && !this.#isResting && this.#pipe?.writable === true;
  }

  /** Connects; throws SeriatimError when that can't be. Afterwards it reconnects by itself. */
  async open(): Promise<void> {
    const { host, port, account, key, tls } = this.#options;
    const pipe = orderLine({ host, port, account, key, tls, window: WINDOW, listener: this.#listener() });
    this.#pipe = pipe;
    this.#listed = [];
    this.#outstanding = new Outstanding(WINDOW);
    this.#welcome = Promise.withResolvers();
    await pipe.connected();
    pipe.instruments(account);
    pipe.flush();
    const failure = await pipe.welcome(Promise.race([pipe.closed, this.#welcome.promise]));
    if (failure !== undefined) throw helloFailed(account, failure);
    if (this.#isStopped) throw connectionLost(pipe.peer, "it was stopped");
    if (!sameInstruments(this.#listed, this.#options.instruments)) {
      pipe.destroy();
      throw new SeriatimError("OTHER_EXCHANGE", `${pipe.peer} lists other instruments than before`);
    }
    this.#isOpen = true;
    this.#retry_ms = RETRY_MIN_MS;
    pipe.closed.then((why) => this.#lost(why ?? connectionLost(pipe.peer, "it was closed")));
  }

  /** Only when ready. `flush` sends it. */
  send(command: TraderCommand): void {
    const pipe = this.#pipe as OrderLine;
    this.#outstanding.push(command, lowLane(command.id), highLane(command.id));
    putCommand(pipe, command);
    if (!this.#isCleaningUp) this.#options.onSent();
  }

  flush(): void {
    this.#pipe?.flush();
  }

  /** From now on it sends and connects no more by itself; resolves when all it sent is answered, or never will be. */
  async settle(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const pipe = this.#pipe;
    if (pipe === undefined || !this.#isOpen) return;
    pipe.flush();
    this.#settled = Promise.withResolvers();
    this.#noticeSettled();
    await Promise.race([this.#settled.promise, pipe.closed]);
  }

  /** Cancels what rests or may, uncounted, and closes when all is answered. `destroy` cuts it short. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isCleaningUp = true;
    clearTimeout(this.#timer);
    const pipe = this.#pipe;
    if (pipe === undefined || !this.#isOpen) return pipe?.destroy();
    try {
      for (const command of this.#options.trader.cancels()) {
        if (!pipe.writable) {
          pipe.flush();
          await pipe.ready();
        }
        this.send(command);
      }
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      // The connection is gone, and nothing more can be done about the quotes.
    }
    await pipe.end();
  }

  destroy(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#pipe?.destroy();
  }

  #lost(why: SeriatimError): void {
    this.#isOpen = false;
    this.#options.trader.onLost();
    if (this.#isStopped) return;
    this.#options.onLost(why);
    this.#retryLater();
  }

  #retryLater(): void {
    this.#timer = setTimeout(() => this.#retry(), this.#retry_ms);
    this.#retry_ms = Math.min(RETRY_MAX_MS, this.#retry_ms * 2);
  }

  async #retry(): Promise<void> {
    try {
      await this.open();
      this.#options.onBack();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      if (this.#isStopped) return;
      if (error.code === "OTHER_EXCHANGE") this.#options.onFailed(error);
      else this.#retryLater();
    }
  }

  #listener(): AnswerListener {
    const { trader, onFill, onReject } = this.#options;
    return {
      onAck: (idLow, idHigh) => {
        const command = this.#outstanding.takeOldest(idLow, idHigh);
        if (command === undefined) return this.#disagree();
        trader.onAccepted(command);
        this.#noticeSettled();
      },
      onReject: (idLow, idHigh, reason) => {
        // One of several only at the end, when an order whose answer did not come in time is cancelled: nobody looks at that outcome.
        const command = this.#outstanding.takeRefused(idLow, idHigh, reason).at(-1);
        if (command === undefined) return this.#disagree();
        if (!this.#isCleaningUp) onReject(reason);
        trader.onRejected(command, reason as Reason);
        this.#noticeSettled();
        if (reason >= Reason.NotLoggedOn) this.#rest();
      },
      onFill: (resting, takerLow, takerHigh, makerLow, makerHigh, _price, quantity) => {
        const own = resting ? idOf(makerLow, makerHigh) : idOf(takerLow, takerHigh);
        onFill();
        trader.onFill(Number(own), quantity);
      },
      // By a kill switch: for a trader, lots that are gone, as after a fill.
      onCancelled: (idLow, idHigh, _symbol, quantity) => trader.onFill(Number(idOf(idLow, idHigh)), quantity),
      onHelloAck: () => this.#welcome.resolve(undefined),
      onInstrument: (instrument) => this.#listed.push(instrument),
      onHeartbeatAck: () => this.#disagree(),
    };
  }

  #noticeSettled(): void {
    if (this.#outstanding.oldest === undefined) this.#settled?.resolve();
  }

  #disagree(): void {
    this.#pipe?.destroy(connectionLost(this.#pipe.peer, "it answered a request that was not made"));
  }

  #rest(): void {
    if (this.#isResting || this.#isStopped) return;
    this.#isResting = true;
    const wake = () => {
      this.#isResting = false;
    };
    setTimeout(wake, REFUSED_PAUSE_MS).unref();
  }
}

/** An exchange may have more of them than before, not others. */
function sameInstruments(listed: readonly ListedInstrument[], before: readonly ListedInstrument[]): boolean {
  return before.every(({ name, priceDecimals, tick }, symbol) => {
    const now = listed[symbol];
    return now?.name === name && now.priceDecimals === priceDecimals && now.tick === tick;
  });
}

// One WebSocket connection's conversation: text in, text out, no socket and no timer (specification:
// docs/api/websocket.md).
//
//   New ──hello──► Greeting (its order connection is being made, nothing is read) ──► Open ──logout, or too many messages──►
//   Leaving (what was sent is answered) ──► Ended
//
// Orders go through the public client library over a connection of their own, so limits, gate and log treat them as
// anybody's: one that logs on for a hello with a token (trading-desk.ts), one that says Hello without (order-desk.ts). When
// that connection is lost the session ends: the exchange is gone or going, and a client has to connect again in any case.

import { MessageRate, SeriatimError } from "../../../base/index.ts";
import { Subscriber } from "../../../feed/index.ts";
import {
  CloseCode,
  ErrorCode,
  errorText,
  type HelloRequest,
  heartbeatText,
  type JsonRequest,
  type OpenOrdersRequest,
  parseRequest,
} from "../../../protocol/index.ts";
import { admit } from "./admission.ts";
import { connectDesk, type Desk } from "./desk.ts";
import { OrderLists } from "./order-lists.ts";
import { SubscriptionDesk } from "./subscription-desk.ts";
import type { WebExchange } from "./web-exchange.ts";

/** A hello that is not let in: what was said, proved by nothing, and why not. */
export interface RefusedHello {
  readonly account: string | undefined;
  readonly refusal: string;
}

/** The connection of a session. */
export interface SessionPeer {
  /** Takes a message. False: the peer is slow now, see `WebSession.drained`. */
  send(text: string): boolean;
  /** Nothing more is read (true), or reading goes on (false). */
  hold(isHeld: boolean): void;
  /** Whether a token may be said now; counts as one. False: too many were, by its address or in all. */
  admitsLogon(): boolean;
  /** Ends the connection, of a hello that was `refused`; `WebSession.end` follows. */
  close(code: CloseCode, why: string, refused?: RefusedHello): void;
}

const TOO_MANY_LOGONS = {
  code: ErrorCode.Unavailable,
  text: "token: too many were said by your address, or by all: come again in a second",
} as const;

const NO_ROOM_FOR_READERS = new SeriatimError("FULL", "there are as many without a token as may be");

const State = { New: 0, Greeting: 1, Open: 2, Leaving: 3, Ended: 4 } as const;
type State = (typeof State)[keyof typeof State];

export class WebSession {
  /** Its hello was let in; one without gives way when there are as many connections as may be. */
  hasPlace = false;
  #isReader = false;
  readonly #peer: SessionPeer;
  readonly #exchange: WebExchange;
  readonly #rate: MessageRate;
  /** What it subscribes with; from its greeting on. */
  #subscriber: Subscriber | undefined;
  #subscriptions: SubscriptionDesk | undefined;
  #state: State = State.New;
  /** What was read before reading was held; in the end as many as the rate allows. */
  #held: string[] = [];
  #account: number | undefined;
  #desk: Desk | undefined;
  #lists: OrderLists | undefined;
  #isSlow = false;

  constructor(peer: SessionPeer, exchange: WebExchange) {
    this.#peer = peer;
    this.#exchange = exchange;
    this.#rate = new MessageRate(exchange.limits.messagesPerSecond, exchange.clock.monotonicMicros());
  }

  /** Whether `hello` was said. */
  get isGreeted(): boolean {
    return this.#state !== State.New;
  }

  /** Whether channel `status` is subscribed to. */
  get wantsStatus(): boolean {
    return this.#subscriptions?.wantsStatus ?? false;
  }

  /** Whether channel `tape` is subscribed to. */
  get wantsTape(): boolean {
    return this.#subscriptions?.wantsTape ?? false;
  }

  /** Takes a message of the client. */
  take(text: string): void {
    this.count();
    if (this.#state === State.Greeting) this.#held.push(text);
    else this.#hear(text);
  }

  /** Counts a message, or a ping or pong, which cost as much to read; one too many ends the session. */
  count(): void {
    if (this.#state === State.Ended || this.#rate.take(this.#exchange.clock.monotonicMicros())) return;
    if (this.#state === State.Leaving) return this.#peer.hold(true);
    const { messagesPerSecond } = this.#exchange.limits;
    const why = `more than ${messagesPerSecond} messages in a second`;
    const desk = this.#state === State.Open ? this.#desk : undefined;
    if (desk === undefined) return this.#close(CloseCode.TooManyMessages, why);
    // An order that it sent and has no answer to may rest. Nothing is read meanwhile, pongs neither, so that is bounded too.
    this.#peer.hold(true);
    this.#leave(desk.answered(), CloseCode.TooManyMessages, why);
  }

  /** The peer has taken what waited for it. */
  drained(): void {
    this.#isSlow = false;
    this.#desk?.resume?.();
    this.#subscriber?.drained();
    this.#lists?.tellAnswered();
  }

  /** The node's status, for whoever subscribed to it; a slow peer gets the next one. */
  sendStatus(text: string): void {
    if (this.wantsStatus && !this.#isSlow) this.#send(text);
  }

  /** The same of its tape. */
  sendTape(text: string): void {
    if (this.wantsTape && !this.#isSlow) this.#send(text);
  }

  /** The connection is gone. */
  end(): void {
    if (this.#state === State.Ended) return;
    this.#state = State.Ended;
    this.hasPlace = false;
    if (this.#isReader) this.#exchange.readers--;
    this.#held = [];
    this.#lists?.close();
    this.#subscriber?.close();
    this.#subscriber = undefined;
    this.#subscriptions = undefined;
    this.#desk?.close();
  }

  #hear(text: string): void {
    if (this.#state === State.Ended || this.#state === State.Leaving) return;
    this.#desk?.heard?.();
    const parsed = parseRequest(text);
    if ("request" in parsed) return this.#dispatch(parsed.request);
    this.#send(errorText(parsed.refusal));
    if (parsed.refusal.code === ErrorCode.Schema)
      this.#close(CloseCode.NoHello, "this server does not speak that schema");
  }

  #dispatch(request: JsonRequest): void {
    if (request.type === "hello") {
      if (this.#state === State.New) this.#hello(request);
      else this.#refuse(request.request, ErrorCode.HelloFirst, "hello was said already");
    } else if (this.#subscriptions === undefined) {
      this.#refuse(request.request, ErrorCode.HelloFirst, `say hello before ${request.type}`);
    } else {
      this.#serve(request, this.#subscriptions);
    }
  }

  #serve(request: Exclude<JsonRequest, HelloRequest>, subscriptions: SubscriptionDesk): void {
    switch (request.type) {
      case "subscribe":
      case "unsubscribe":
        return subscriptions.take(request);
      case "heartbeat":
        if (this.#desk === undefined) this.#send(heartbeatText(request.request, undefined));
        else this.#desk.beat(request.request);
        return;
      case "logout":
        return this.#logout();
      case "openOrders":
        return this.#listOpenOrders(request);
      default:
        if (this.#desk === undefined) this.#needsAccount(request.request);
        else this.#desk.take(request);
    }
  }

  #hello(hello: HelloRequest): void {
    const { accounts, access } = this.#exchange;
    const isLogon = hello.logon !== undefined;
    const admitted = isLogon && !this.#peer.admitsLogon() ? TOO_MANY_LOGONS : admit(hello, accounts, access);
    if ("code" in admitted) {
      this.#refuse(hello.request, admitted.code, admitted.text);
      // One that is malformed may be said again.
      const refused = { account: hello.account, refusal: admitted.code };
      if (admitted.code !== ErrorCode.BadMessage)
        this.#close(CloseCode.NoHello, "this hello is not let in", refused);
      return;
    }
    const { account, session } = admitted;
    if (session === undefined && !this.#enterReader()) return this.#unlinked(hello, NO_ROOM_FOR_READERS);
    this.hasPlace = true;
    if (account === undefined) return this.#greet(hello.request, undefined, undefined);
    this.#state = State.Greeting;
    this.#peer.hold(true);
    this.#account = account.number;
    const output = {
      send: (text: string) => this.#send(text),
      lost: (why: SeriatimError | undefined) => this.#lost(why),
    };
    connectDesk(this.#exchange, account.number, session, output).then(
      (desk) => this.#linked(desk, hello.request, account.name),
      (error: SeriatimError) => this.#unlinked(hello, error),
    );
  }

  #enterReader(): boolean {
    this.#isReader = this.#exchange.readers < this.#exchange.readersMax;
    if (this.#isReader) this.#exchange.readers++;
    return this.#isReader;
  }

  #linked(desk: Desk, request: number | undefined, account: string): void {
    if (this.#state === State.Ended) return desk.close();
    this.#greet(request, account, desk);
    desk.begin();
    this.#peer.hold(false);
    for (const text of this.#held.splice(0)) this.#hear(text);
  }

  #lost(why: SeriatimError | undefined): void {
    if (why?.code === "SESSION_REPLACED")
      this.#close(CloseCode.Replaced, "a newer connection has this session");
    else if (why?.code === "TOO_SLOW")
      this.#close(CloseCode.TooSlow, "too slow: your reports wait at the exchange");
    else if (why?.code === "DEAD_MAN") this.#close(CloseCode.DeadMan, why.message);
    else this.#close(CloseCode.GoingAway, "the exchange is gone");
  }

  #unlinked({ request, account }: HelloRequest, error: SeriatimError): void {
    // The port of this very node is closed.
    const why =
      error.code === "ECONNREFUSED"
        ? "there are as many connections as may be (connections-max), or the node ends"
        : error.message;
    this.#refuse(request, ErrorCode.Unavailable, `no order entry now: ${why}`);
    this.#close(CloseCode.NoHello, "no order entry now", { account, refusal: ErrorCode.Unavailable });
  }

  /** What was asked before is answered first. */
  #logout(): void {
    this.#leave(this.#desk?.logout() ?? Promise.resolve(), CloseCode.LoggedOut, "logged out");
  }

  /** `answered`: by its desk; lists are the copy's to answer. */
  #leave(answered: Promise<void>, code: CloseCode, why: string): void {
    this.#state = State.Leaving;
    Promise.all([answered, this.#lists?.answered()]).then(() => this.#close(code, why));
  }

  #greet(request: number | undefined, account: string | undefined, desk: Desk | undefined): void {
    this.#desk = desk;
    this.#state = State.Open;
    const sink = {
      send: (text: string) => this.#send(text),
      overflowed: () => this.#close(CloseCode.TooSlow, "too slow: too much waits for you"),
    };
    const subscriber = new Subscriber(this.#exchange.publisher, sink, this.#account);
    this.#subscriber = subscriber;
    const lists = new OrderLists(this.#exchange, subscriber, () => this.#desk?.sequence ?? 0);
    this.#lists = lists;
    const hasReports = desk?.session !== undefined;
    const parts = { exchange: this.#exchange, subscriber, lists, account: this.#account, hasReports };
    this.#subscriptions = new SubscriptionDesk({ ...parts, send: (text) => this.#send(text) });
    this.#send(this.#exchange.welcome(request, account, this.#account, desk?.session));
  }

  #listOpenOrders(asked: OpenOrdersRequest): void {
    const { request, symbol } = asked;
    const desk = this.#desk;
    if (desk === undefined) return this.#needsAccount(request);
    if (desk.list === undefined && symbol !== undefined)
      return this.#refuse(request, ErrorCode.TokenNeeded, "openOrders of one symbol needs a token in hello");
    if (this.#lists?.mayList() === false)
      return this.#refuse(request, ErrorCode.TooOften, "openOrders once a second; what changes is told");
    if (desk.list === undefined) this.#lists?.list(request);
    else desk.list(asked);
  }

  #needsAccount(request: number | undefined): void {
    this.#refuse(request, ErrorCode.NoAccount, "this needs an account: say one in hello");
  }

  #refuse(request: number | undefined, code: ErrorCode, text: string): void {
    this.#send(errorText({ request, code, text }));
  }

  #send(text: string): boolean {
    if (this.#state === State.Ended) return false;
    const isTaken = this.#peer.send(text);
    if (!isTaken) this.#isSlow = true;
    return isTaken;
  }

  #close(code: CloseCode, why: string, refused?: RefusedHello): void {
    if (this.#state === State.Ended) return;
    this.end();
    this.#peer.close(code, why, refused);
  }
}

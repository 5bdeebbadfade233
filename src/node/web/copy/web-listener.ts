// Everybody who is told what happens in the web's copy of the exchange: the publisher of JSON, at its pace, and the binary feeds.

import type { RecordBuffer } from "../../../base/index.ts";
import type { MarketFeeds } from "../../../feed-runtime/index.ts";
import type { EventListener } from "./follower.ts";
import type { PublishPace } from "./publish-pace.ts";

export class WebListener implements EventListener {
  readonly pace: PublishPace;
  readonly #feeds: MarketFeeds | undefined;

  constructor(pace: PublishPace, feeds: MarketFeeds | undefined) {
    this.pace = pace;
    this.#feeds = feeds;
  }

  get isAwaited(): boolean {
    return this.#feeds !== undefined || this.pace.isAwaited;
  }

  onEvents(events: RecordBuffer, timestamp_us: number): void {
    this.pace.onEvents(events, timestamp_us);
    this.#feeds?.onEvents(events, timestamp_us);
  }

  endCommand(words: Int32Array, at: number): void {
    this.pace.endCommand(words, at);
    this.#feeds?.endCommand(words, at);
  }

  onReset(): void {
    this.pace.onReset();
    this.#feeds?.onReset();
  }

  flush(): void {
    this.pace.flush();
    this.#feeds?.flush();
  }

  /** Says what is left; nothing follows. */
  finish(): void {
    this.pace.finish();
    this.#feeds?.flush();
  }
}

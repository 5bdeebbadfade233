// How market data fares: on the way to this browser (sequences, gaps, what was conflated) and in the node that it comes from (its
// WebSocket clients and its binary feeds). Redrawn with the status, once a second.

import type { StatusMessage } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { Figure } from "./feed-figure.tsx";
import { NodeFeeds } from "./node-feeds.tsx";
import { useTopics } from "./topic.ts";
import { grouped } from "./words.ts";

const CHANNELS = ["depth", "quotes", "trades", "candles", "statistics"] as const;

export function FeedHealth({ desk }: { readonly desk: Desk }) {
  useTopics(desk.status, desk.connection, desk.selection);
  const { status } = desk.socket;
  return (
    <div class="feed-body">
      <Browser desk={desk} />
      {status !== undefined && (
        <div>
          <Streams status={status} />
          <NodeFeeds feeds={status.feeds} />
        </div>
      )}
    </div>
  );
}

/** What has come over the connection of this page. */
function Browser({ desk }: { readonly desk: Desk }) {
  const { socket, market, symbol } = desk;
  const isLive = socket.connection.state === "open";
  return (
    <section aria-label="This browser">
      <h3>This browser</h3>
      <dl class="feed-figures">
        <Figure name="Gaps mended" value={grouped(socket.gaps)} isBad={socket.gaps > 0} />
        <Figure
          name="Conflated"
          value={grouped(socket.conflated)}
          hint="Messages that were left out because this browser read slowly; a newer one told the same"
        />
      </dl>
      <table class="feed-table">
        <thead>
          <tr>
            <th scope="col">{symbol === "" ? "Channel" : symbol}</th>
            <th scope="col" class="number">
              Sequence
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {CHANNELS.map((channel) => {
            const sequence = market?.sequenceOf(channel);
            return (
              <tr key={channel}>
                <td>{channel}</td>
                <td class="number">{sequence === undefined ? "–" : grouped(Number(sequence))}</td>
                <td>{isLive ? (sequence === undefined ? "not subscribed" : "live") : "not connected"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** JSON over WebSocket, to everybody. */
function Streams({ status: { subscribers, streams } }: { readonly status: StatusMessage }) {
  return (
    <section aria-label="WebSockets of the node">
      <h3>WebSockets</h3>
      <dl class="feed-figures">
        <Figure name="Subscribers" value={grouped(subscribers)} />
        <Figure name="Subscriptions" value={grouped(streams.subscriptions)} hint="Channels of symbols" />
        <Figure
          name="Conflated"
          value={grouped(streams.conflated)}
          hint="Messages left out for slow readers"
        />
      </dl>
    </section>
  );
}

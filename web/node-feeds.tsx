// The binary feeds of the node that this page comes from: epoch and sequence of each channel, who listens, and what went wrong.

import { bytesText } from "../src/base/index.ts";
import type { FeedFigures } from "../src/protocol/index.ts";
import { Figure } from "./feed-figure.tsx";
import { grouped, timeText } from "./words.ts";

/** Of a node that serves none: how to. */
export function NodeFeeds({ feeds }: { readonly feeds: FeedFigures | undefined }) {
  if (feeds === undefined) {
    return (
      <section aria-label="Binary feeds of the node">
        <h3>Binary feeds</h3>
        <p class="feed-words">This node serves none (--md-port, --md-udp, --feed-port)</p>
      </section>
    );
  }
  const { epoch, channels, subscribers, conflated, retransmitted, retransmissionsRefused, ticks } = feeds;
  return (
    <section aria-label="Binary feeds of the node">
      <h3>Binary feeds</h3>
      <dl class="feed-figures">
        <Figure
          name="Epoch"
          value={epoch === 0 ? "–" : timeText(epoch)}
          hint={`When the history began: ${epoch}`}
        />
        <Figure name="Subscribers" value={grouped(subscribers)} />
        <Figure name="Conflated" value={grouped(conflated)} />
        <Figure name="Sent again" value={grouped(retransmitted)} />
        <Figure name="Refused" value={grouped(retransmissionsRefused)} isBad={retransmissionsRefused > 0} />
        <Figure name="Snapshots" value={grouped(feeds.snapshots)} />
        <Figure name="Too slow" value={grouped(feeds.slowClosed)} isBad={feeds.slowClosed > 0} />
        <Figure name="UDP errors" value={grouped(feeds.udpErrors)} isBad={feeds.udpErrors > 0} />
        {ticks !== null && <Figure name="ticks/1 clients" value={grouped(ticks.clients)} />}
        {ticks !== null && <Figure name="ticks/1 frames" value={grouped(ticks.framesSent)} />}
      </dl>
      {channels.length > 0 && <Channels channels={channels} />}
    </section>
  );
}

function Channels({ channels }: Pick<FeedFigures, "channels">) {
  return (
    <table class="feed-table">
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col" class="number">
            Next
          </th>
          <th scope="col" class="number">
            Packets
          </th>
          <th scope="col" class="number">
            Bytes
          </th>
        </tr>
      </thead>
      <tbody>
        {channels.map(({ name, next, packets, bytes }) => (
          <tr key={name}>
            <td>{name}</td>
            <td class="number">{grouped(next)}</td>
            <td class="number">{grouped(packets)}</td>
            <td class="number">{bytesText(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// What /metrics says of the binary feeds; all 0, or without a value, where there are none.

import type { FeedChannelFigures, FeedFigures } from "../../../protocol/index.ts";
import { counter, gauge, type Metric, type Sample } from "./metric.ts";

/** A figure of each channel that is published. */
function ofChannels(read: (channel: FeedChannelFigures) => number) {
  return ({ feeds }: Sample) =>
    Object.fromEntries((feeds?.channels ?? []).map((channel) => [channel.name, read(channel)]));
}

function of(read: (feeds: FeedFigures) => number) {
  return ({ feeds }: Sample) => (feeds === undefined ? 0 : read(feeds));
}

function ofTicks(read: (ticks: NonNullable<FeedFigures["ticks"]>) => number) {
  return of(({ ticks }) => (ticks === null ? 0 : read(ticks)));
}

export const FEED_METRICS: readonly Metric[] = [
  {
    ...gauge(
      "seriatim_md_next_sequence",
      "Sequence of a channel's next message; counts from 1 in each epoch.",
      ofChannels(({ next }) => next),
    ),
    label: "channel",
  },
  {
    ...counter(
      "seriatim_md_packets_total",
      "Packets of a channel.",
      ofChannels(({ packets }) => packets),
    ),
    label: "channel",
  },
  {
    ...counter(
      "seriatim_md_bytes_total",
      "Bytes of these packets.",
      ofChannels(({ bytes }) => bytes),
    ),
    label: "channel",
  },
  gauge(
    "seriatim_md_subscribers",
    "Subscribers of binary market data, over TCP and WebSocket, now.",
    of(({ subscribers }) => subscribers),
  ),
  counter(
    "seriatim_md_subscribers_opened_total",
    "Subscribers that were let in.",
    of(({ opened }) => opened),
  ),
  {
    ...counter(
      "seriatim_md_subscribers_closed_total",
      "Subscribers whose connection ended, or found no place.",
      (s) => ({
        ...s.feeds?.closes,
      }),
    ),
    label: "reason",
  },
  counter(
    "seriatim_md_messages_conflated_total",
    "Messages left out for slow subscribers that asked for it, and told to them.",
    of(({ conflated }) => conflated),
  ),
  counter(
    "seriatim_md_messages_retransmitted_total",
    "Messages sent again.",
    of(({ retransmitted }) => retransmitted),
  ),
  counter(
    "seriatim_md_retransmissions_refused_total",
    "Requests for that which were refused.",
    of(({ retransmissionsRefused }) => retransmissionsRefused),
  ),
  counter(
    "seriatim_md_snapshots_total",
    "Snapshots sent to subscribers.",
    of(({ snapshots }) => snapshots),
  ),
  counter(
    "seriatim_md_datagrams_lost_total",
    "Datagrams that this machine did not take.",
    of(({ udpErrors }) => udpErrors),
  ),
  gauge(
    "seriatim_ticks_clients",
    "Clients of ticks/1 now.",
    ofTicks(({ clients }) => clients),
  ),
  counter(
    "seriatim_ticks_clients_refused_total",
    "Clients of it that found no place.",
    ofTicks(({ refused }) => refused),
  ),
  counter(
    "seriatim_ticks_frames_sent_total",
    "Frames of it sent.",
    ofTicks(({ framesSent }) => framesSent),
  ),
  counter(
    "seriatim_ticks_quotes_conflated_total",
    "Quotes of it that a newer one stood for.",
    ofTicks(({ quotesConflated }) => quotesConflated),
  ),
  counter(
    "seriatim_ticks_frames_dropped_total",
    "Frames of it dropped for slow clients.",
    ofTicks((t) => t.framesDropped),
  ),
  counter(
    "seriatim_ticks_slow_disconnects_total",
    "Clients of it that were too slow and were disconnected.",
    ofTicks(({ slowDisconnects }) => slowDisconnects),
  ),
];

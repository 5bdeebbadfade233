// What /metrics says of the tape; 0, or without a value, where there is none.

import type { TapeFigures, TopicFigures } from "../../../tape/index.ts";
import { counter, gauge, type Metric, type Sample } from "./metric.ts";

function of(read: (figures: TapeFigures) => number) {
  return ({ tape }: Sample) => (tape?.figures === undefined ? 0 : read(tape.figures));
}

/** A figure of each topic. */
function ofTopics(read: (topic: TopicFigures) => number) {
  return ({ tape }: Sample) =>
    Object.fromEntries((tape?.figures?.topics ?? []).map((topic) => [topic.name, read(topic)]));
}

/** Of each group, as TOPIC/GROUP: no name has a slash. */
function lags({ tape }: Sample): Record<string, number> {
  const topics = tape?.figures?.topics ?? [];
  return Object.fromEntries(
    topics.flatMap(({ name, nextRecord, groups }) =>
      groups.map((group) => [`${name}/${group.name}`, Math.max(0, nextRecord - group.committed)]),
    ),
  );
}

export const TAPE_METRICS: readonly Metric[] = [
  gauge("seriatim_tape_up", "1 while there is a tape and it has not failed.", ({ tape }) =>
    Number(tape !== undefined && tape.failure === undefined),
  ),
  {
    ...gauge("seriatim_tape_connections", "Connections to the tape now, by role.", ({ tape }) => {
      if (tape?.figures === undefined) return {};
      const { publishers, subscribers, administrators } = tape.figures.connections;
      return { publisher: publishers, subscriber: subscribers, administrator: administrators };
    }),
    label: "role",
  },
  counter(
    "seriatim_tape_connections_opened_total",
    "Connections to the tape that were accepted.",
    of(({ connections }) => connections.opened),
  ),
  counter(
    "seriatim_tape_connections_refused_total",
    "Connections to the tape that were closed with a reason.",
    of(({ connections }) => connections.refused),
  ),
  gauge(
    "seriatim_tape_publishers_paused",
    "Publishers that are read no further now: no buffer is free, or the queue is full.",
    of(({ connections }) => connections.paused),
  ),
  gauge(
    "seriatim_tape_staging_buffers",
    "Staging buffers there are.",
    of(({ staging }) => staging.buffers),
  ),
  gauge(
    "seriatim_tape_staging_in_use",
    "Staging buffers in use now.",
    of(({ staging }) => staging.inUse),
  ),
  counter(
    "seriatim_tape_staging_exhausted_total",
    "Times a publisher had to wait for a staging buffer.",
    of(({ staging }) => staging.timesExhausted),
  ),
  gauge(
    "seriatim_tape_delivery_in_use",
    "Delivery buffers in use now.",
    of(({ delivery }) => delivery.inUse),
  ),
  counter(
    "seriatim_tape_delivery_exhausted_total",
    "Times a subscriber had to wait for a delivery buffer.",
    of(({ delivery }) => delivery.timesExhausted),
  ),
  counter(
    "seriatim_tape_delivery_reads_total",
    "Times a delivery buffer was read into; what is delivered more often is shared.",
    of(({ delivery }) => delivery.reads),
  ),
  gauge(
    "seriatim_tape_commands_queued",
    "Parts on their way to commit workers now.",
    of(({ commandsQueued }) => commandsQueued),
  ),
  {
    ...counter("seriatim_tape_batches_total", "Batches that have come so far, by step.", ({ tape }) => ({
      ...tape?.figures?.batches,
    })),
    label: "step",
  },
  {
    ...counter(
      "seriatim_tape_bytes_total",
      "Bytes of batches that have come so far, by step.",
      ({ tape }) => ({
        ...tape?.figures?.bytes,
      }),
    ),
    label: "step",
  },
  gauge(
    "seriatim_tape_published_position",
    "The last position of the log whose reports and market data the exchange has handed to its topics.",
    ({ tape }) => tape?.published ?? 0,
  ),
  gauge(
    "seriatim_tape_topics",
    "Topics there are.",
    of(({ topicsTotal }) => topicsTotal),
  ),
  {
    ...gauge(
      "seriatim_tape_topic_next_record",
      "Number of a topic's next record.",
      ofTopics(({ nextRecord }) => nextRecord),
    ),
    label: "topic",
  },
  {
    ...gauge(
      "seriatim_tape_topic_oldest_record",
      "Number of the oldest record that a topic still has.",
      ofTopics(({ oldestRecord }) => oldestRecord),
    ),
    label: "topic",
  },
  {
    ...gauge(
      "seriatim_tape_topic_bytes",
      "Bytes of a topic's log.",
      ofTopics(({ bytes }) => bytes),
    ),
    label: "topic",
  },
  { ...gauge("seriatim_tape_group_lag_records", "Records a group has not done yet.", lags), label: "group" },
];

// The tape of the node that this page comes from: its topics with how much they hold and how fast they grow, how far behind each group is, and
// what waits on a batch's way. Redrawn with its figures, once a second; not there at all when the node has no tape.

import { useEffect, useState } from "preact/hooks";
import { bytesText } from "../src/base/index.ts";
import type { TapeGroupReport, TapeReport, TapeTopicReport } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { Figure } from "./feed-figure.tsx";
import type { TapeHistory, TapeRates, TopicRates } from "./tape-history.ts";
import { useTopics } from "./topic.ts";
import { countedGrouped, grouped, topicsLeftOut } from "./words.ts";

/** Whether the node has a tape; redraws only when that changes. */
export function useHasTape({ tape }: Desk): boolean {
  const [hasTape, setHasTape] = useState(tape.latest !== undefined);
  useEffect(() => tape.changed.listen(() => setHasTape(tape.latest !== undefined)), [tape]);
  return hasTape;
}

export function TapePanel({ desk: { tape } }: { readonly desk: Desk }) {
  useTopics(tape.changed);
  const { latest, rates } = tape;
  if (latest === undefined) return null;
  return (
    <div class="tape-body">
      {latest.failure !== undefined && (
        <p class="tape-failure" role="alert">
          The tape has ended: {latest.failure}
        </p>
      )}
      <Totals report={latest} rates={rates} />
      <Topics report={latest} tape={tape} />
    </div>
  );
}

function Totals({ report, rates }: { readonly report: TapeReport; readonly rates: TapeRates }) {
  const { port, connections, staging, delivery, commandsQueued } = report;
  const { publishers, subscribers, paused } = connections;
  return (
    <dl class="feed-figures" aria-label="Tape">
      <Figure name="Port" value={String(port)} />
      <Figure name="Publishers" value={grouped(publishers)} />
      <Figure name="Subscribers" value={grouped(subscribers)} />
      <Figure name="Paused" value={grouped(paused)} hint="Publishers that are read no further for now" />
      <Figure
        name="Staging"
        value={`${staging.inUse} of ${staging.buffers}`}
        hint="Buffers that publishers' batches are taken into"
      />
      <Figure
        name="Staging full"
        value={countedGrouped(staging.timesExhausted, "time")}
        hint="How often a publisher had to wait for a staging buffer"
      />
      <Figure
        name="Delivery"
        value={`${delivery.inUse} of ${delivery.buffers}`}
        hint="Buffers that subscribers are sent from"
      />
      <Figure name="Queued" value={grouped(commandsQueued)} hint="Parts on their way to the log" />
      <Figure name="Batches" value={`${rateText(rates.batches)} /s`} />
      <Figure name="In" value={`${bytesText(Math.round(rates.ingested_bytes))}/s`} />
      <Figure name="Out" value={`${bytesText(Math.round(rates.delivered_bytes))}/s`} />
    </dl>
  );
}

function Topics({ report, tape }: { readonly report: TapeReport; readonly tape: TapeHistory }) {
  const { topics, topicsTotal } = report;
  // Of those that nobody has used since the start no figures are known.
  const idle = `${countedGrouped(topicsTotal, "topic")}, not used since the start`;
  if (topics.length === 0) return <p class="feed-words">{topicsTotal === 0 ? "No topics yet" : idle}</p>;
  return (
    <>
      <table class="feed-table tape-table">
        <thead>
          <tr>
            <th scope="col">Topic</th>
            <th scope="col" class="number">
              Records
            </th>
            <th scope="col" class="number">
              /s
            </th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="number">
              /s
            </th>
            <th scope="col" class="number">
              Oldest
            </th>
          </tr>
        </thead>
        <tbody>
          {topics.map((topic) => (
            <TopicRows key={topic.name} topic={topic} rates={tape.ratesOf(topic.name)} />
          ))}
        </tbody>
      </table>
      {topicsTotal > topics.length && <p class="feed-words">{topicsLeftOut(topicsTotal - topics.length)}</p>}
    </>
  );
}

function TopicRows({ topic, rates }: { readonly topic: TapeTopicReport; readonly rates: TopicRates }) {
  const { name, order, nextRecord, oldestRecord, bytes, groups } = topic;
  return (
    <>
      <tr>
        <th scope="row" class="name" title={`${name}, order level ${order}`}>
          {name}
        </th>
        <td class="number" title="Ever written; the log holds those from the oldest on">
          {grouped(nextRecord - 1)}
        </td>
        <td class="number">{rateText(rates.records)}</td>
        <td class="number">{bytesText(bytes)}</td>
        <td class="number">{bytesText(Math.round(rates.bytes))}</td>
        <td class="number">{nextRecord === oldestRecord ? "–" : grouped(oldestRecord)}</td>
      </tr>
      {groups.map((group) => (
        <GroupRow key={group.name} group={group} nextRecord={nextRecord} />
      ))}
    </>
  );
}

function GroupRow({ group, nextRecord }: { readonly group: TapeGroupReport; readonly nextRecord: number }) {
  const { name, committed, members } = group;
  const lag = Math.max(0, nextRecord - committed);
  return (
    <tr class="tape-group">
      <td class="name" title={name}>
        {name}
      </td>
      <td colSpan={3}>
        {lag === 0 ? "has all" : `${grouped(lag)} behind`}, {grouped(members)}{" "}
        {members === 1 ? "member" : "members"}
      </td>
    </tr>
  );
}

/** `0.4`, `12`, `1,980`. */
function rateText(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : grouped(Math.round(perSecond));
}

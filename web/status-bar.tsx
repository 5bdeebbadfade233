// The bottom line: is it live, how fast, how far, and what is wrong with the node if anything is.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Connection } from "../src/client/socket/index.ts";
import type { StatusMessage } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { oldWords } from "./node-state.ts";
import { useTopics } from "./topic.ts";
import { durationText, grouped } from "./words.ts";

const STATES: Readonly<Record<Connection["state"], string>> = {
  connecting: "Connecting",
  open: "Live",
  waiting: "Reconnecting",
  refused: "Refused",
  closed: "Closed",
};

export function StatusBar({ desk }: { readonly desk: Desk }) {
  useTopics(desk.connection, desk.status);
  const { connection, status } = desk.socket;
  const isLive = connection.state === "open";
  const health = isLive ? status?.status : undefined;
  const isOld = isLive && oldWords(status) !== undefined;
  return (
    <footer class="status">
      <span class={`state ${isOld ? "old" : isLive ? (health ?? "ok") : connection.state}`} role="status">
        <i aria-hidden="true" />
        {isOld ? "Behind" : STATES[connection.state]}
      </span>
      {health !== undefined && health !== "ok" && (
        <span class="trouble" role="alert">
          {health}: {status?.reason ?? "no reason given"}
        </span>
      )}
      {isLive && status !== undefined && <Figures status={status} desk={desk} />}
    </footer>
  );
}

function Figures({ status, desk }: { readonly status: StatusMessage; readonly desk: Desk }) {
  const { position, durablePosition, commandsPerSecond, latency } = status;
  const behind = position - durablePosition;
  return (
    <dl>
      <Figure name="Commands" value={`${grouped(commandsPerSecond)} /s`} room="roomy" chars={8} />
      <Figure
        name="Latency"
        hint="From sequencing to the release of the answers: half of them and 99 of 100 were faster"
        value={
          latency === null ? "–" : `${durationText(latency.p50_us)} p50, ${durationText(latency.p99_us)} p99`
        }
        chars={22}
      />
      <Figure name="Position" value={grouped(position)} room="wide" chars={9} />
      <Figure
        name="Durable"
        value={behind === 0 ? "all of it" : `${grouped(behind)} behind`}
        hint={`Safe up to position ${durablePosition}`}
        room="wide"
        chars={9}
      />
      <Updates desk={desk} />
    </dl>
  );
}

/** Messages that came to this page in the last second. */
function Updates({ desk }: { readonly desk: Desk }) {
  const [rate, setRate] = useState(0);
  const before = useRef(desk.updates);
  useEffect(() => {
    const timer = setInterval(() => {
      setRate(desk.updates - before.current);
      before.current = desk.updates;
    }, 1_000);
    return () => clearInterval(timer);
  }, [desk]);
  return <Figure name="Updates" value={`${grouped(rate)} /s`} room="wide" chars={7} />;
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly hint?: string;
  /** Left out where there is little room, or next to none. */
  readonly room?: "wide" | "roomy";
  /** What it has at most times: a figure that gets longer moves no other. */
  readonly chars: number;
}

function Figure({ name, value, hint, room, chars }: FigureProps) {
  return (
    <div class={room} title={hint}>
      <dt>{name}</dt>
      <dd style={{ "--chars": String(chars) }}>{value}</dd>
    </div>
  );
}

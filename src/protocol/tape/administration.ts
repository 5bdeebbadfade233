// What administrators ask and are answered, as JSON: topics, their retention, groups, and how the broker is. Requests are judged here;
// what they do is for the broker to say.

import { SAFE_MAX } from "../../base/index.ts";
import { isTapeName } from "./hello.ts";
import { TAPE_LEVEL_MAX } from "./layout.ts";
import { TapeReason, type TapeReasonName } from "./reasons.ts";

/** How much of a topic is kept; null: without a bound of that kind. */
export interface TapeRetention {
  readonly retainBytes: number | null;
  readonly retainMs: number | null;
}

export type TapeRequest =
  | { readonly do: "topics" }
  | ({ readonly do: "create"; readonly topic: string; readonly order: number } & Partial<TapeRetention>)
  | { readonly do: "delete"; readonly topic: string }
  | ({ readonly do: "retain"; readonly topic: string } & TapeRetention)
  | { readonly do: "groups"; readonly topic: string }
  /** What the group has committed is of no account any more; it has no members. */
  | { readonly do: "forget"; readonly topic: string; readonly group: string }
  | { readonly do: "status" };

export interface TapeTopicInfo extends TapeRetention {
  readonly topic: string;
  readonly id: number;
  readonly order: number;
  /** This and the next two: null where it is not known, as long as the topic's log is not open. */
  readonly nextRecord: number | null;
  readonly oldestRecord: number | null;
  /** In its segments. */
  readonly bytes: number | null;
  /** Why its log could not be opened when it was tried just now: nothing can be published to it. */
  readonly unopened?: string;
}

export interface TapeGroupInfo {
  readonly topic: string;
  readonly group: string;
  /** The first record that is not done. */
  readonly record: number;
  /** Records behind the topic's end. */
  readonly lag: number;
  /** Connections: the active one and those that stand by. */
  readonly members: number;
}

/** What went wrong, or what was asked for under its own name. */
export type TapeReply =
  | { readonly error: TapeReasonName; readonly text: string }
  | { readonly topics: readonly TapeTopicInfo[] }
  | { readonly topic: TapeTopicInfo }
  | { readonly groups: readonly TapeGroupInfo[] }
  | { readonly deleted: string }
  | { readonly forgotten: string }
  | { readonly status: object };

/** The request in `text`, or why it is none. */
export function parseTapeRequest(text: string): TapeRequest | TapeReason {
  const said = parseObject(text);
  if (said === undefined) return TapeReason.Malformed;
  const { do: what, topic, order, group } = said;
  if (what === "topics" || what === "status") return { do: what };
  if (!isOfTopic(what)) return TapeReason.Malformed;
  if (typeof topic !== "string" || !isTapeName(topic)) return TapeReason.TopicName;
  if (what === "delete" || what === "groups") return { do: what, topic };
  if (what === "forget") {
    return typeof group === "string" && isTapeName(group) ? { do: what, topic, group } : TapeReason.GroupName;
  }
  const retention = readRetention(said);
  if (retention === undefined) return TapeReason.Malformed;
  if (what === "retain") return { do: what, topic, ...NO_RETENTION, ...retention };
  return isCount(order) && order <= TAPE_LEVEL_MAX
    ? { do: what, topic, order, ...retention }
    : TapeReason.OrderLevel;
}

const OF_TOPIC = ["create", "delete", "retain", "groups", "forget"] as const;

function isOfTopic(what: unknown): what is (typeof OF_TOPIC)[number] {
  return (OF_TOPIC as readonly unknown[]).includes(what);
}

const NO_RETENTION: TapeRetention = { retainBytes: null, retainMs: null };

function readRetention(said: Readonly<Record<string, unknown>>): Partial<TapeRetention> | undefined {
  const { retainBytes, retainMs } = said;
  if (!isBound(retainBytes) || !isBound(retainMs)) return undefined;
  return {
    ...(retainBytes === undefined ? {} : { retainBytes }),
    ...(retainMs === undefined ? {} : { retainMs }),
  };
}

function isBound(value: unknown): value is number | null | undefined {
  return value === undefined || value === null || (isCount(value) && value >= 1);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= SAFE_MAX;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === "object" && said !== null
      ? (said as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

// What a key may do with topics of the tape: rules by a topic's name, or by how names begin. Specification: keys.md.

import { isJsonObject, shownJson } from "../json/fields.ts";

export const TOPIC_RIGHTS = ["publish", "subscribe", "administer"] as const;
export type TopicRight = (typeof TOPIC_RIGHTS)[number];

export interface TopicRule {
  /** A topic's name; with "*" behind it all names that begin so, "*" alone: all. */
  readonly name: string;
  readonly may: readonly TopicRight[];
}

/** What whoever has proved a key may do on the tape. */
export interface TopicGrant {
  readonly name: string;
  /** May administer every topic, whatever the rules say. */
  readonly isAdmin: boolean;
  readonly topics: readonly TopicRule[];
  /** Of a publisher's batches; undefined: as fast as they come. */
  readonly bytesPerSecond: number | undefined;
}

/** Rules of one key: who may do more has "*". */
const RULES_MAX = 64;
const PATTERN = /^(?=.{1,255}$)[A-Za-z0-9._-]*\*?$/;
const FIELDS: readonly string[] = ["name", "may"];

/** Whether any rule gives `right` on the topic of this name; an administrator may administer all. */
export function mayUseTopic({ isAdmin, topics }: TopicGrant, topic: string, right: TopicRight): boolean {
  if (isAdmin && right === "administer") return true;
  return topics.some(({ name, may }) => may.includes(right) && isNamed(topic, name));
}

function isNamed(topic: string, pattern: string): boolean {
  return pattern.endsWith("*") ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern;
}

/** What is wrong with the value of the field `topics` of the key of `who`. */
export function wrongTopics(topics: unknown, who: string): string | undefined {
  if (!Array.isArray(topics) || topics.length === 0 || topics.length > RULES_MAX)
    return `the topics of ${who} are not a list of 1 to ${RULES_MAX} rules`;
  for (const rule of topics as unknown[]) {
    const wrong = wrongRule(rule, who);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongRule(rule: unknown, who: string): string | undefined {
  if (!isJsonObject(rule)) return `a rule in the topics of ${who} is no object`;
  const stranger = Object.keys(rule).find((field) => !FIELDS.includes(field));
  if (stranger !== undefined) return `a rule in the topics of ${who} has no field ${shownJson(stranger)}`;
  const { name, may } = rule;
  if (typeof name !== "string" || !PATTERN.test(name))
    return `a topic of ${who} is not 1 to 255 characters A-Z a-z 0-9 . _ -, the last of which may be *`;
  const rights: readonly unknown[] = Array.isArray(may) ? may : [];
  const isGood = rights.length > 0 && rights.every((right) => TOPIC_RIGHTS.includes(right as TopicRight));
  if (isGood && new Set(rights).size === rights.length) return undefined;
  return `what ${who} may do with ${name} is not some of ${TOPIC_RIGHTS.join(", ")}, each once`;
}

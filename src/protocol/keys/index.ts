export {
  hasAccounts,
  KEY_LIMITS_MAX,
  KEY_ROLES,
  type KeyAccounts,
  type KeyEntry,
  type KeyLimits,
  type KeyRights,
  type KeyRole,
  NODE_KEY_NAME,
} from "./entry.ts";
export * from "./file-rules.ts";
export * from "./format.ts";
export { mayUseTopic, TOPIC_RIGHTS, type TopicGrant, type TopicRight, type TopicRule } from "./topics.ts";

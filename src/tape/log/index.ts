export { inspectTopic, type TopicReport, type TopicSegmentReport } from "./inspect-topic.ts";
export { planRepair, type RepairPlan } from "./repair-plan.ts";
export { damagedHistory, repairTopic } from "./repair-topic.ts";
export type { TopicSession } from "./session-table.ts";
export type { RecordsGone, TopicCursor, TopicEnd } from "./topic-cursor.ts";
export { TopicLog } from "./topic-log.ts";
export {
  logLimitsOf,
  type Retention,
  TOPIC_LIMITS,
  TOPICS_DIRECTORY,
  type TopicLimits,
  type TopicPlace,
  topicDirectory,
} from "./topic-place.ts";
export { type ReadBatchesResult, TopicReader, type TopicTarget } from "./topic-reader.ts";

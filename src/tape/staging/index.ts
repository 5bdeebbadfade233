export {
  PART_HEADROOM_BYTES,
  STAGING_BUFFER_BYTES,
  STAGING_BUFFERS_MAX,
  type StagingOptions,
  StagingPool,
} from "./pool.ts";
export { SlotQueue } from "./slot-queue.ts";

export {
  DIGEST_BYTES,
  NONCE_BYTES,
  REPLICATION_MESSAGE_BYTES_MAX,
  ReplicationType,
  SNAPSHOT_PART_BYTES_MAX,
} from "./layout.ts";
export * from "./logon.ts";
export * from "./message.ts";
export * from "./stream-messages.ts";

export { CatalogKeeper } from "./catalog-keeper.ts";
export { CatalogLog, type CatalogPlace, readCatalog } from "./catalog-log.ts";
export {
  type CatalogChange,
  type CatalogTopic,
  decodeCatalogChanges,
  encodeCatalogChange,
  type TopicSettings,
} from "./changes.ts";
export { GroupOffsets } from "./group-offsets.ts";
export { CatalogState } from "./state.ts";
export { type CatalogStore, STORE_CLOSED, TopicDirectory, type TopicRetention } from "./topic-directory.ts";

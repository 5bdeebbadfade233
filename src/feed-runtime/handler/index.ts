export { FeedHandler } from "./feed-handler.ts";
export type { FeedAddress, FeedHandlerOptions, FeedLines, LineAddress } from "./options.ts";

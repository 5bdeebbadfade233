export { refuseForeign } from "./directory.ts";
export { FeedRecorder, type FeedRecorderOptions, type RecorderFigures } from "./feed-recorder.ts";
export { channelGreeting } from "./greeting.ts";
export { RecordingPlayer, type RecordingPlayerOptions } from "./recording-player.ts";

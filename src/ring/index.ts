export { type Agent, runAgent } from "./agent.ts";
export { RingConsumer } from "./consumer.ts";
export { RingProducer } from "./producer.ts";
export { createRing, Ring, type RingOptions } from "./ring.ts";

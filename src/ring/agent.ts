// The duty cycle: a stage is an agent that does what can be done now and returns, so that a node may run many agents
// on one thread or each on its own, with the same results. runAgent() is the loop of a thread of its own.

import type { RingConsumer } from "./consumer.ts";

export interface Agent {
  /** For logs and metrics. */
  readonly name: string;
  /** Does what can be done without waiting; returns the units done (records, batches), 0 when there was nothing. */
  doWork(): number;
  /** Called once, after the last doWork(), also when that one threw. */
  onClose(): void;
}

/**
 * How long an idle agent sleeps at most, in milliseconds, before its doWork() is called again: for agents that also have
 * something to do by time. A record ends the sleep at once; ten calls a second cost no measurable CPU.
 */
const idle_ms_default = 100;

/**
 * Runs `agent` on this thread until its `input` has ended and nothing is left to do. What doWork() throws fails the
 * input, so that the producer learns of it, and is thrown on.
 */
export function runAgent(agent: Agent, input: RingConsumer, idle_ms: number = idle_ms_default): void {
  try {
    for (;;) {
      const ended = input.ended();
      if (agent.doWork() > 0) continue;
      if (ended) break;
      input.waitForRecords(idle_ms);
    }
  } catch (error) {
    input.fail();
    throw error;
  } finally {
    agent.onClose();
  }
}

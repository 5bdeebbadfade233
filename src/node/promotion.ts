// A replica that is told to take over: what is asked before it gives up following, and how it becomes a primary with the
// state that it has in memory.
//
//   may it lead (replication/decisions.ts)? --wait--> asked again, for as long as a dead primary can seem alive
//     --refuse--> the reason, and it goes on following
//     --lead--> ports free, settings agree with the log --no--> the reason, and it goes on following
//       --> replica stopped, all of its journal applied -> exchange on the same journal -> its tenure begins
//
// From the stop on there is no way back: what fails then ends the node.

import { setTimeout as sleep } from "node:timers/promises";
import { SeriatimError } from "../base/index.ts";
import { within } from "../platform/index.ts";
import { SILENCE_US } from "../replication/index.ts";
import type { Judgement, TenureBegun } from "../runtime/index.ts";
import type { ExchangeNode } from "./exchange-node.ts";
import { type NodePlan, startExchange } from "./exchange-start.ts";
import { refuseOthers } from "./genesis-settings.ts";
import { assertPortFree } from "./listening.ts";
import type { ReplicaNode } from "./replica-node.ts";

/** A primary that was heard last a moment ago counts as alive for so long; and another second to ask everybody. */
const DECIDE_MS = SILENCE_US / 1_000 + 1_000;
/** For the others to promise that they follow, and for this disk; each is a fraction of it. */
const TENURE_MS = 10_000;
/** Between two times that the others are asked. */
const ASK_AGAIN_MS = 50;

export interface Promotion {
  readonly isForced: boolean;
  /** The administrator. */
  readonly who: string;
  /** Whether the node is to stop: it is not worth waiting any longer. */
  readonly isOver: () => boolean;
}

/** The epoch in which `replica` may lead, and by what. Throws REFUSED with why not; it follows as before then. */
export async function epochToLead(
  replica: ReplicaNode,
  plan: NodePlan,
  promotion: Promotion,
): Promise<{ readonly epoch: number } & Judgement> {
  const deadline_ms = performance.now() + DECIDE_MS;
  const { given, configuration } = plan.loaded;
  refuseOthers(given, replica.genesisEntry);
  for (;;) {
    const decision = await replica.decide(promotion.isForced);
    if (decision.kind === "lead") {
      const { host, orderPort } = configuration;
      await assertPortFree("order-port", host, orderPort);
      if (replica.replicationPort === 0)
        await assertPortFree("replication-port", configuration.host, configuration.replicationPort);
      const { epoch, policy, heard } = decision;
      return { epoch, policy, heard };
    }
    const isFinal = decision.kind === "refuse" || performance.now() > deadline_ms || promotion.isOver();
    if (isFinal) throw new SeriatimError("REFUSED", decision.because);
    await sleep(ASK_AGAIN_MS);
  }
}

/** Once it may lead in `epoch`. What this throws has ended both: the replica is stopped, and nothing leads. */
export async function takeOver(
  replica: ReplicaNode,
  plan: NodePlan,
  epoch: number,
  { isForced, who }: Promotion,
): Promise<ExchangeNode> {
  // Whoever looks on connects again; meanwhile the journal changes hands.
  const pageEnded = replica.stopShowing();
  const inherited = await replica.handOver();
  const tenure = { epoch, ...(isForced ? { forcedBy: who } : { promotedBy: who }) };
  return startExchange(leading(plan), { inherited, tenure, pageEnded });
}

/** The beginning of its tenure; throws UNCERTAIN when the others don't let it begin in time: it goes on waiting. */
export async function tenureOf(exchange: ExchangeNode): Promise<TenureBegun> {
  const begun = Promise.race([exchange.tenure, exchange.failed]);
  if (!(await within(begun, TENURE_MS))) {
    const what = "it follows nobody any more, and waits for other nodes before it leads";
    throw new SeriatimError("UNCERTAIN", `${what}: ${exchange.status().reason ?? "ask for the status"}`);
  }
  const tenure = await begun;
  if (tenure instanceof SeriatimError) throw tenure;
  return tenure;
}

/** It follows nobody any more, asks those it followed instead, and the policy in force is the log's. */
function leading(plan: NodePlan): NodePlan {
  const { configuration } = plan.loaded;
  const peers = [...new Set(`${configuration.peers},${configuration.replicaOf}`.split(","))];
  const others = { peers: peers.filter((address) => address !== "").join(","), replicaOf: "" };
  return {
    ...plan,
    loaded: { ...plan.loaded, configuration: { ...configuration, ...others, ackPolicy: "auto" } },
  };
}

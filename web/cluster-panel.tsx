// The nodes of the cluster: who leads, who is there since when, how far each is and how far behind. Redrawn with the status,
// once a second; not there at all when the exchange runs on one node.

import type { NodeReport } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { useTopics } from "./topic.ts";
import { behindText, grouped, sinceText } from "./words.ts";

export function ClusterPanel({ desk }: { readonly desk: Desk }) {
  useTopics(desk.status);
  const { status } = desk.socket;
  const { nodes = [], node: own, time_us = 0 } = status ?? {};
  const there = nodes.filter(({ connected }) => connected).length;
  return (
    <section class="panel cluster-panel" data-panel="nodes" aria-label="Nodes">
      <header class="panel-head">
        <h2>Nodes</h2>
        <span class="cluster-count">
          {there} of {nodes.length} connected
        </span>
      </header>
      <table class="node-table">
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">Role</th>
            <th scope="col" class="number">
              Epoch
            </th>
            <th scope="col" class="number">
              In memory
            </th>
            <th scope="col" class="number">
              On disk
            </th>
            <th scope="col" class="number">
              Behind
            </th>
            <th scope="col">Connected</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <NodeRow key={node.name} node={node} isOwn={node.name === own} now_us={time_us} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface NodeRowProps {
  readonly node: NodeReport;
  /** The node that this page comes from. */
  readonly isOwn: boolean;
  readonly now_us: number;
}

function NodeRow({ node, isOwn, now_us }: NodeRowProps) {
  const { name, role, epoch, connected, since_us, inMemory, persisted, lag, lag_us } = node;
  // One that was never there may have anything.
  const isKnown = epoch > 0 || connected;
  const shown = (value: string | null) => (isKnown ? (value ?? "–") : "–");
  return (
    <tr class={connected ? "" : "gone"}>
      <th scope="row" class="name">
        <span title={name}>{name}</span>
        {isOwn && <small>this page</small>}
      </th>
      <td data-label="Role">
        <span class={`role ${role}`}>{role}</span>
      </td>
      <td data-label="Epoch" class="number">
        {epoch === 0 ? "–" : epoch}
      </td>
      <td data-label="In memory" class="number" title="The last position that it has">
        {shown(grouped(inMemory))}
      </td>
      <td data-label="On disk" class="number" title="The last position that is safe on its disk">
        {shown(persisted === null ? null : grouped(persisted))}
      </td>
      <td
        data-label="Behind"
        class="number"
        title="Positions it lacks of the primary's, and for how long it has lacked the first of them"
      >
        {shown(behindText(lag, lag_us))}
      </td>
      <td data-label="Connected" class="node-state">
        {connected ? "" : "gone "}
        {sinceText(since_us, now_us)}
      </td>
    </tr>
  );
}

/** Which node of the cluster this page comes from, and as what it serves. */
export function NodeBadge({ desk }: { readonly desk: Desk }) {
  useTopics(desk.status);
  const { node, role } = desk.socket.status ?? {};
  if (node === undefined || role === undefined) return null;
  return (
    <span class="node-badge" title="The node that this page comes from">
      {node} <span class={`role ${role}`}>{role}</span>
    </span>
  );
}

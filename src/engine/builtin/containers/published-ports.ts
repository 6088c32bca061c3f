/** Ports of the host that lead to a container: which ones, and asking the supervisor to open them. */
import type { PortBinding, PublishedPort } from "../../engine.js";
import { CaissonError } from "../../errors.js";
import { addressBytes } from "../../spec/address-bytes.js";
import { LOOPBACK_ADDRESSES } from "../network/addresses.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "./container-record.js";
import { type Reach, reachOf } from "./networks/reach.js";
import type { Session } from "./session.js";

const protocolNumbers = { tcp: 6, udp: 17 } as const;

/** `"5432/tcp"` to its parts. */
export function parsePort(port: string): { readonly port: number; readonly protocol: "tcp" | "udp" } {
  const [number, protocol = "tcp"] = port.split("/");
  return { port: Number(number), protocol: protocol === "udp" ? "udp" : "tcp" };
}

/** What `publish` and `publishAll` ask for, with the image's and the spec's exposed ports. */
export function wantedBindings(record: ContainerRecord): readonly PortBinding[] {
  const { spec, image } = record;
  const bindings = [...(spec.publish ?? [])];
  if (!spec.publishAll) return bindings;
  for (const exposed of new Set([...image.inspect.config.exposedPorts, ...(spec.exposedPorts ?? [])])) {
    const { port, protocol } = parsePort(exposed);
    const known = bindings.some((binding) => binding.containerPort === port && (binding.protocol ?? "tcp") === protocol);
    if (!known) bindings.push({ containerPort: port, protocol });
  }
  return bindings;
}

/** Opens the ports; they refuse connections until the container listens. @throws PORT_IN_USE */
export async function publishPorts(session: Session, record: ContainerRecord): Promise<readonly PublishedPort[]> {
  const reach = reachOf(record);
  if (!reach) return [];
  const bindings = wantedBindings(record);
  try {
    const published = await Promise.all(bindings.map((binding) => publish(session, record, reach, binding)));
    return published.flat();
  } catch (error) {
    await unpublishPorts(session, record);
    throw error;
  }
}

export async function unpublishPorts(session: Session, record: ContainerRecord): Promise<void> {
  record.ports = [];
  if (session.supervisor.death) return;
  await session.supervisor.request(Message.UNPUBLISH, (writer) => writer.text(Tag.ID, record.id));
}

async function publish(session: Session, record: ContainerRecord, reach: Reach, binding: PortBinding): Promise<PublishedPort[]> {
  const { containerPort, protocol = "tcp", hostPort: first = 0, hostPortEnd: last = first, hostIp } = binding;
  const addresses = hostIp === undefined || hostIp === "" ? LOOPBACK_ADDRESSES : [hostIp];
  for (let hostPort = first; ; hostPort++) {
    try {
      const reply = await session.supervisor.request(Message.PUBLISH, (writer) => {
        writer.text(Tag.ID, record.id).u64(Tag.PROTO, protocolNumbers[protocol]);
        for (const ip of addresses) writer.bytes(Tag.HOST_IP, addressBytes(ip));
        writer.u64(Tag.HOST_PORT, hostPort).bytes(Tag.ADDRESS, addressBytes(reach.address)).u64(Tag.PORT, containerPort);
        if (reach.source !== undefined) writer.bytes(Tag.SOURCE, addressBytes(reach.source));
        if (reach.network !== undefined) writer.text(Tag.NETWORK, reach.network);
      });
      const port = reply.u64(Tag.HOST_PORT) ?? hostPort;
      return addresses.map((ip) => ({ containerPort, protocol, hostIp: ip, hostPort: port }));
    } catch (error) {
      if (!(error instanceof SupervisorFailure)) throw error;
      if (error.code !== "EADDRINUSE" || hostPort === last) throw publishFailure(error, { ...binding, hostPort }, addresses);
    }
  }
}

function publishFailure(error: SupervisorFailure, binding: PortBinding, addresses: readonly string[]): CaissonError {
  const { containerPort, protocol = "tcp", hostPort = 0, hostPortEnd } = binding;
  const at = addresses.join(" and ");
  const facts = { hostIp: addresses[0] ?? "", hostPort };
  if (error.code === "EADDRINUSE") {
    const which = hostPortEnd === undefined ? `Host port ${hostPort}/${protocol}` : `Every host port up to ${hostPortEnd}/${protocol}`;
    return new CaissonError("PORT_IN_USE", `${which} on ${at} is in use`, {
      facts,
      cause: error,
      remedy: "Leave the host port out to get a free one, or stop what uses it.",
    });
  }
  if (error.code === "EACCES") {
    return new CaissonError("PORT_FORBIDDEN", `Host port ${hostPort}/${protocol} on ${at} is not for this user`, {
      facts,
      cause: error,
      remedy: "Choose one from 1024 up, leave it out to get a free one, or lower net.ipv4.ip_unprivileged_port_start.",
    });
  }
  return error.asError(`Publishing port ${containerPort}/${protocol} on ${at}`);
}

/** Waiting for a container's sockets to listen, as the supervisor sees them in the container's network namespace. */
import { isIPv4 } from "node:net";
import type { ListeningSocket, WaitListeningOptions } from "../../engine.js";
import { addressBytes, addressText } from "../../spec/address-bytes.js";
import { NAME_SERVER_ADDRESS, NAME_SERVER_PORT } from "../network/addresses.js";
import { UPLINK_PORT } from "../network/uplink.js";
import type { Fields } from "../supervisor/codec.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "./container-record.js";
import { notRunning } from "./exec-process.js";
import { reachOf } from "./networks/reach.js";
import type { Session } from "./session.js";

const protocols = { tcp: 6, udp: 17 } as const;

/** @throws CONTAINER_NOT_RUNNING when it exits first, ABORTED */
export async function waitListening(session: Session, record: ContainerRecord, options: WaitListeningOptions): Promise<void> {
  const { ports, signal, observe } = options;
  if (!record.running) throw notRunning(record);
  const { supervisor } = session;
  const address = ownAddress(record);
  let id = 0;
  const onListening = (request: number, sockets: Fields[]): void => {
    if (request === id) observe?.(sockets.map((socket) => describeSocket(socket, address)).filter(isContainers));
  };
  if (observe) supervisor.on("listening", onListening);
  try {
    await supervisor.request(
      Message.WAIT_LISTENING,
      (writer) => {
        writer.text(Tag.ID, record.id).u64(Tag.FLAGS, observe ? 1 : 0);
        // Without an address of its own (host network) the container is reached on the loopback address.
        writer.bytes(Tag.ADDRESS, addressBytes(address ?? "127.0.0.1"));
        for (const { port, protocol } of ports) {
          writer.nested(Tag.WANTED, (nested) => nested.u64(Tag.PROTO, protocols[protocol]).u64(Tag.PORT, port));
        }
      },
      {
        signal,
        operation: "waitListening",
        onId: (assigned) => {
          id = assigned;
        },
      },
    );
  } catch (error) {
    if (error instanceof SupervisorFailure)
      throw error.code === "ESRCH" ? notRunning(record) : error.asError("Waiting for listening ports");
    throw error;
  } finally {
    supervisor.off("listening", onListening);
  }
}

function describeSocket(fields: Fields, own: string | undefined): ListeningSocket {
  const address = addressText(fields.bytes(Tag.ADDRESS) ?? Buffer.alloc(4));
  return {
    protocol: fields.u64(Tag.PROTO) === protocols.udp ? "udp" : "tcp",
    address,
    port: fields.u64(Tag.PORT) ?? 0,
    reachable: own === undefined || !isLoopback(address),
  };
}

/** Where the container is reached; one that shares another's network is reached there. */
function ownAddress(record: ContainerRecord): string | undefined {
  const holder = record.peer ?? record;
  return reachOf(holder)?.address ?? [...holder.endpoints.values()][0]?.ipv4.address;
}

/** Those of the name server and of the way out are the engine's. */
function isContainers({ address, port }: ListeningSocket): boolean {
  const isNameServers = address === NAME_SERVER_ADDRESS && port === NAME_SERVER_PORT;
  const isUplinks = (address === "::" || address === "0.0.0.0") && port === UPLINK_PORT;
  return !isNameServers && !isUplinks;
}

function isLoopback(address: string): boolean {
  return isIPv4(address) ? address.startsWith("127.") : address === "::1";
}

/** Noticing that a container tries ports of this host that are not exposed to it: it sees a refusal, and somebody will wonder why. */
import { addressText } from "../../../spec/address-bytes.js";
import type { Fields } from "../../supervisor/codec.js";
import { Tag } from "../../supervisor/protocol.js";
import type { ContainerRecord } from "../container-record.js";
import { wayOut } from "../networks/endpoints.js";
import type { Session } from "../session.js";

export interface RefusalsOptions {
  readonly containers: () => Iterable<ContainerRecord>;
  /** Called for the first try of each port in a run. */
  readonly refused: (record: ContainerRecord, port: number) => void;
}

/** Begins at once. */
export function watchRefusals(session: Session, { containers, refused }: RefusalsOptions): void {
  session.supervisor.on("hostRefused", (fields) => {
    const connection = connectionOf(fields);
    const record = connection && [...containers()].find((each) => isClient(each, connection));
    if (!record || record.refusedHostPorts.has(connection.port)) return;
    record.refusedHostPorts.add(connection.port);
    refused(record, connection.port);
  });
}

interface Connection {
  /** Id of the container or network whose way out it was. */
  readonly uplink: string;
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

function connectionOf(fields: Fields): Connection | undefined {
  const [uplink, source, destination, port] = [
    fields.text(Tag.ID),
    fields.bytes(Tag.SOURCE),
    fields.bytes(Tag.ADDRESS),
    fields.u64(Tag.PORT),
  ];
  if (uplink === undefined || !source || !destination || port === undefined) return undefined;
  return { uplink, source: addressText(source), destination: addressText(destination), port };
}

/** Only what went to the address that stands for the host: other ones that are refused are not for anybody to expose. */
function isClient(record: ContainerRecord, { uplink, source, destination }: Connection): boolean {
  if (record.address) return record.id === uplink && record.address.gateway === destination;
  const place = wayOut(record);
  if (place?.network.id !== uplink || !record.running) return false;
  const gateways = place.network.gateways.map(({ address }) => address);
  return gateways.includes(destination) && [place.ipv4, place.ipv6].some((own) => own?.address === source);
}

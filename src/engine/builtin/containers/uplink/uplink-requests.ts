/** Asking the supervisor for ways out. */
import { UnsupportedError } from "../../../errors.js";
import { addressBytes } from "../../../spec/address-bytes.js";
import {
  UPLINK_MARK,
  UPLINK_PORT,
  type UplinkRule,
  type UplinkScope,
  uplinkCapture,
  uplinkChains,
  uplinkRules,
} from "../../network/uplink.js";
import { FieldWriter } from "../../supervisor/codec.js";
import { Message, Phase, Tag, UplinkFlag } from "../../supervisor/protocol.js";
import { SupervisorFailure } from "../../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "../container-record.js";
import { whereAvailable } from "../kernel-feature.js";
import type { NetworkRecord } from "../networks/network-record.js";
import type { Session } from "../session.js";
import { containerScope, networkScope } from "./uplink-scope.js";

/** Adds what LAUNCH, NETWORK and UPLINK say of a way out. */
export function writeUplink(writer: FieldWriter, scope: UplinkScope): void {
  writer.bytes(Tag.UPLINK, settings(scope));
}

/** The scope of most containers is the same: it is compiled once. */
let last: { readonly key: string; readonly bytes: Buffer } | undefined;

function settings(scope: UplinkScope): Buffer {
  const key = JSON.stringify(scope);
  if (last?.key !== key) last = { key, bytes: compile(scope) };
  return last.bytes;
}

function compile(scope: UplinkScope): Buffer {
  const writer = new FieldWriter(8192);
  writer.u64(Tag.PORT, UPLINK_PORT).u64(Tag.MARK, UPLINK_MARK).bytes(Tag.CAPTURE, uplinkCapture()).bytes(Tag.DATA, uplinkChains(scope));
  for (const rule of uplinkRules(scope)) writer.nested(Tag.RULE, (nested) => writeRule(nested, rule));
  return writer.finish();
}

function writeRule(writer: FieldWriter, { address, prefixLength, port, source, dial }: UplinkRule): void {
  writer.bytes(Tag.ADDRESS, addressBytes(address)).u64(Tag.PREFIX, prefixLength);
  if (port !== undefined) writer.u64(Tag.PORT, port);
  if (source !== undefined) writer.bytes(Tag.SOURCE, addressBytes(source));
  if (dial === "destination") writer.u64(Tag.FLAGS, UplinkFlag.DIAL);
  else for (const target of dial) writer.bytes(Tag.HOST_IP, addressBytes(target));
}

/** Where this kernel has no uplink, without. @throws UNSUPPORTED where `needed` */
export async function withUplink<T>({ uplink }: Session, needed: readonly number[], run: (uplink: boolean) => Promise<T>): Promise<T> {
  return whereAvailable(uplink, Phase.UPLINK, (available) => {
    if (!available && needed.length > 0) throw noUplink(uplink.missing!);
    return run(available);
  });
}

export function uplinkWarnings({ uplink: { missing } }: Session): readonly string[] {
  return missing === undefined ? [] : [`Containers have no way to the outside: ${missing}`];
}

function noUplink(reason: string): UnsupportedError {
  return new UnsupportedError("builtin", "exposedHostPorts", reason, "`caisson doctor` shows what the kernel lacks.");
}

/** After members came or went: what they may reach of the host. */
export async function updateNetworkUplink(session: Session, network: NetworkRecord): Promise<void> {
  const scope = networkScope(network);
  if (!scope || network.removed || session.uplink.missing !== undefined || network.uplink === JSON.stringify(scope)) return;
  await setUplink(session, network.id, scope, `network ${network.name}`);
  network.uplink = JSON.stringify(scope);
}

/** After a running container with a way out of its own was connected to networks, or disconnected. */
export async function updateContainerUplink(session: Session, record: ContainerRecord): Promise<void> {
  const scope = containerScope(record, session.host);
  if (!scope || !record.running || session.uplink.missing !== undefined) return;
  await setUplink(session, record.id, scope, `container ${record.name}`);
}

async function setUplink(session: Session, id: string, scope: UplinkScope, of: string): Promise<void> {
  try {
    await session.supervisor.request(Message.UPLINK, (writer) => writeUplink(writer.text(Tag.ID, id), scope));
  } catch (error) {
    throw error instanceof SupervisorFailure ? error.asError(`Changing the way out of ${of}`) : error;
  }
}

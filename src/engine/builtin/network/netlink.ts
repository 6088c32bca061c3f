/** rtnetlink messages that configure a container's own loopback interface (rtnetlink(7)), to be sent by the supervisor as they are. */
import { addressBytes, type ContainerAddress } from "./addresses.js";

const NLM_F_REQUEST_ACK = 0x1 | 0x4;
const NLM_F_CREATE_EXCLUSIVE = 0x400 | 0x200;
const RTM_NEWLINK = 16;
const RTM_NEWADDR = 20;
const AF_INET = 2;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFF_UP = 1;
/** The kernel gives the loopback interface of every network namespace this index. */
const LOOPBACK_INDEX = 1;

/** Brings `lo` up, which gives it 127.0.0.1 and ::1, with the container's address and the gateway's on it. */
export function loopbackMessages(address: ContainerAddress | undefined): Buffer {
  const addresses = address ? [address.address, address.gateway] : [];
  return Buffer.concat([linkUp(), ...addresses.map(addAddress)]);
}

function linkUp(): Buffer {
  const body = Buffer.alloc(16);
  body.writeInt32LE(LOOPBACK_INDEX, 4);
  body.writeUInt32LE(IFF_UP, 8);
  body.writeUInt32LE(IFF_UP, 12);
  return message(RTM_NEWLINK, NLM_F_REQUEST_ACK, body);
}

function addAddress(address: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(AF_INET, 0);
  header.writeUInt8(32, 1);
  header.writeInt32LE(LOOPBACK_INDEX, 4);
  const bytes = addressBytes(address);
  return message(
    RTM_NEWADDR,
    NLM_F_REQUEST_ACK | NLM_F_CREATE_EXCLUSIVE,
    Buffer.concat([header, attribute(IFA_LOCAL, bytes), attribute(IFA_ADDRESS, bytes)]),
  );
}

/** For values whose length is a multiple of four. */
function attribute(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + value.length, 0);
  header.writeUInt16LE(type, 2);
  return Buffer.concat([header, value]);
}

function message(type: number, flags: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  return Buffer.concat([header, body]);
}

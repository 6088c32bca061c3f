/** The form of netlink messages (netlink(7)): headers and attributes, everything padded to four bytes. */

export const NetlinkFlag = { REQUEST: 0x1, ACK: 0x4, EXCLUSIVE: 0x200, CREATE: 0x400 } as const;

/** A request that is answered. @param body fixed part first */
export function netlinkMessage(type: number, flags: number, ...body: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.reduce((sum, part) => sum + part.length, 0), 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NetlinkFlag.REQUEST | NetlinkFlag.ACK | flags, 6);
  return Buffer.concat([header, ...body]);
}

/** @param value several ones are attributes that are nested */
export function attribute(type: number, ...value: readonly Buffer[]): Buffer {
  const length = value.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + length, 0);
  header.writeUInt16LE(type, 2);
  return Buffer.concat([header, ...value, Buffer.alloc(-length & 3)]);
}

export function textAttribute(type: number, text: string): Buffer {
  return attribute(type, Buffer.from(`${text}\0`));
}

export function u8Attribute(type: number, value: number): Buffer {
  return attribute(type, Buffer.from([value]));
}

export function u32Attribute(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return attribute(type, bytes);
}

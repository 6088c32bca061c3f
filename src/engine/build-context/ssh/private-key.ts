/** Private keys as OpenSSH keeps them, and what they sign. */
import { createPrivateKey, type JsonWebKey, type KeyObject, sign } from "node:crypto";
import { mpint, piece, SshReader } from "./wire.js";

export interface PrivateKey {
  /** The public key as SSH names it in messages (RFC 4253 section 6.6, RFC 5656, RFC 8709). */
  readonly blob: Buffer;
  /** Who made it, as users know it. */
  readonly comment: string;
  /** @param flags of an agent's request: which hash a key of RSA uses (draft-miller-ssh-agent, section 3.6.1) */
  sign(data: Buffer, flags: number): Buffer;
}

const RSA_SHA2_256 = 2;
const RSA_SHA2_512 = 4;
const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END OPENSSH PRIVATE KEY-----/;
const PEM = /-----BEGIN (?:(?:RSA|EC|ENCRYPTED) )?PRIVATE KEY-----/;
/** PROTOCOL.key of OpenSSH. */
const MAGIC = "openssh-key-v1\0";
const CURVES: Readonly<Record<string, { readonly ssh: string; readonly hash: string; readonly bytes: number }>> = {
  "P-256": { ssh: "nistp256", hash: "sha256", bytes: 32 },
  "P-384": { ssh: "nistp384", hash: "sha384", bytes: 48 },
  "P-521": { ssh: "nistp521", hash: "sha512", bytes: 66 },
};

/**
 * @param text a file of ssh-keygen's, or PEM
 * @param name what to call a key that has no comment
 * @throws Error with the reason: not a key, one with a passphrase, one of a kind that can't sign here
 */
export function parsePrivateKey(text: string, name: string): PrivateKey {
  const openssh = OPENSSH.exec(text)?.[1];
  if (openssh !== undefined) return parseOpenssh(Buffer.from(openssh, "base64"), name);
  if (!PEM.test(text)) throw new Error("it is no private key");
  if (text.includes("ENCRYPTED")) throw hasPassphrase();
  return keyOf(createPrivateKey(text), name);
}

function hasPassphrase(): Error {
  return new Error("it has a passphrase: add it to ssh-agent by ssh-add, and name the agent's socket");
}

function parseOpenssh(data: Buffer, name: string): PrivateKey {
  if (data.subarray(0, MAGIC.length).toString("latin1") !== MAGIC) throw new Error("it is no private key of OpenSSH's");
  const file = new SshReader(data.subarray(MAGIC.length));
  const cipher = file.text();
  if (cipher !== "none") throw hasPassphrase();
  file.text(); // how the passphrase becomes a key
  file.bytes();
  if (file.uint32() !== 1) throw new Error("it holds more than one key");
  file.bytes(); // the public key, which the private one tells as well
  const secret = new SshReader(file.bytes());
  const [check, again] = [secret.uint32(), secret.uint32()];
  if (check !== again) throw new Error("it is damaged");
  const key = createPrivateKey({ key: readSecret(secret), format: "jwk" });
  return keyOf(key, secret.text() || name);
}

function readSecret(secret: SshReader): JsonWebKey {
  const type = secret.text();
  if (type === "ssh-ed25519") {
    const publicKey = secret.bytes();
    return { kty: "OKP", crv: "Ed25519", x: base64url(publicKey), d: base64url(secret.bytes().subarray(0, publicKey.length)) };
  }
  if (type === "ssh-rsa") {
    const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => secret.bytes()) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
    const exponent = (prime: Buffer) => unsigned(bytesOf(number(d) % (number(prime) - 1n)));
    const [dp, dq] = [exponent(p), exponent(q)];
    return { kty: "RSA", n: unsigned(n), e: unsigned(e), d: unsigned(d), p: unsigned(p), q: unsigned(q), dp, dq, qi: unsigned(qi) };
  }
  const curve = Object.entries(CURVES).find(([, { ssh }]) => type === `ecdsa-sha2-${ssh}`);
  if (!curve) throw new Error(`keys of the kind ${JSON.stringify(type)} can't sign here`);
  secret.text(); // the curve once more
  const point = secret.bytes().subarray(1);
  const [crv, { bytes }] = curve;
  const d = secret.bytes();
  const padded = Buffer.concat([Buffer.alloc(bytes), d]).subarray(-bytes);
  return { kty: "EC", crv, x: base64url(point.subarray(0, bytes)), y: base64url(point.subarray(bytes)), d: base64url(padded) };
}

const base64url = (bytes: Buffer): string => bytes.toString("base64url");

/** Numbers of RSA have no zeros in front in a JWK (RFC 7518, section 2, Base64urlUInt). */
function unsigned(bytes: Buffer): string {
  return base64url(
    bytes.subarray(
      Math.max(
        bytes.findIndex((byte) => byte !== 0),
        0,
      ),
    ),
  );
}

function number(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex") || "0"}`);
}

function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

function keyOf(key: KeyObject, comment: string): PrivateKey {
  const jwk = key.export({ format: "jwk" });
  const field = (name: "n" | "e" | "x" | "y") => Buffer.from(jwk[name] ?? "", "base64url");
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") {
    const type = piece("ssh-ed25519");
    return {
      blob: Buffer.concat([type, piece(field("x"))]),
      comment,
      sign: (data) => Buffer.concat([type, piece(sign(null, data, key))]),
    };
  }
  if (jwk.kty === "RSA") {
    return {
      blob: Buffer.concat([piece("ssh-rsa"), mpint(field("e")), mpint(field("n"))]),
      comment,
      sign: (data, flags) => {
        const [type, hash] = rsaAlgorithm(flags);
        return Buffer.concat([piece(type), piece(sign(hash, data, key))]);
      },
    };
  }
  const curve = jwk.kty === "EC" ? CURVES[jwk.crv ?? ""] : undefined;
  if (!curve) throw new Error(`keys of the kind ${key.asymmetricKeyType} can't sign here`);
  const type = piece(`ecdsa-sha2-${curve.ssh}`);
  return {
    blob: Buffer.concat([type, piece(curve.ssh), piece(Buffer.concat([Buffer.from([4]), field("x"), field("y")]))]),
    comment,
    sign: (data) => {
      const pair = sign(curve.hash, data, { key, dsaEncoding: "ieee-p1363" });
      return Buffer.concat([type, piece(Buffer.concat([mpint(pair.subarray(0, curve.bytes)), mpint(pair.subarray(curve.bytes))]))]);
    },
  };
}

function rsaAlgorithm(flags: number): readonly [type: string, hash: string] {
  if (flags & RSA_SHA2_512) return ["rsa-sha2-512", "sha512"];
  if (flags & RSA_SHA2_256) return ["rsa-sha2-256", "sha256"];
  return ["ssh-rsa", "sha1"];
}

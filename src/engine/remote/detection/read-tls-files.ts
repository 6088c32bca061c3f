/** ca.pem, cert.pem and key.pem, read and looked into before any connection is made: what TLS itself says of wrong ones helps nobody. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { CaissonError } from "../../errors.js";
import type { TlsFiles } from "../transport/transport.js";
import type { TlsPaths } from "./daemon-step.js";

/**
 * A daemon that is checked needs ca.pem. A client certificate comes with its key or not at all: a daemon that asks for one refuses those
 * who have none.
 * @throws OPTION_INVALID, naming the file
 */
export async function readTlsFiles(paths: TlsPaths): Promise<TlsFiles> {
  const { option } = paths;
  const [ca, certificate, key] = await Promise.all([
    readPem(option, paths.ca),
    readPem(option, paths.certificate),
    readPem(option, paths.key),
  ]);
  if (paths.verify && ca === undefined && paths.ca !== undefined)
    throw unfit(option, paths.ca, "there is no such file, and the daemon's certificate can't be checked without it");
  if (ca !== undefined) parseCertificates(option, paths.ca!, ca);
  if (certificate !== undefined && key === undefined)
    throw unfit(option, paths.key ?? "key.pem", "there is no such file beside the certificate");
  if (key !== undefined && certificate === undefined)
    throw unfit(option, paths.certificate ?? "cert.pem", "there is no such file beside the key");
  if (certificate !== undefined && key !== undefined) checkPair(paths, certificate, key);
  return { ca, certificate, key, verify: paths.verify };
}

async function readPem(option: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unfit(option, file, `it can't be read (${code})`, error);
  }
}

function checkPair({ option, certificate: certificateFile = "", key: keyFile = "" }: TlsPaths, certificate: string, key: string): void {
  const [leaf] = parseCertificates(option, certificateFile, certificate);
  let parsed: KeyObject;
  try {
    parsed = createPrivateKey(key);
  } catch (error) {
    const encrypted = (error as { code?: unknown }).code === "ERR_MISSING_PASSPHRASE" || /ENCRYPTED/.test(key);
    throw unfit(
      option,
      keyFile,
      encrypted ? "the key has a passphrase; nothing is asked for here" : "it holds no private key in PEM",
      error,
    );
  }
  if (!leaf!.checkPrivateKey(parsed)) throw unfit(option, keyFile, `it is not the key of the certificate in ${certificateFile}`);
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function parseCertificates(option: string, file: string, pem: string): readonly X509Certificate[] {
  try {
    const certificates = (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
    if (certificates.length > 0) return certificates;
  } catch (error) {
    throw unfit(option, file, "it holds a certificate that can't be read", error);
  }
  throw unfit(option, file, "it holds no certificate in PEM");
}

function unfit(option: string, file: string, reason: string, cause?: unknown): CaissonError<"OPTION_INVALID"> {
  return new CaissonError("OPTION_INVALID", `The TLS file ${file} can't be used: ${reason}`, {
    facts: { option, value: file },
    cause,
    remedy: `Have ${option} name the ca.pem, cert.pem and key.pem that were made for this daemon.`,
  });
}

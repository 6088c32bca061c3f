/** What the daemon may ask of us during a build: files, secrets, agents, credentials, and a tar that is the context. */

import type { IncomingHttpHeaders } from "node:http2";
import { readSecret } from "../../../build-context/read-secret.js";
import { openAgent, type SshAgent } from "../../../build-context/ssh/open-agent.js";
import { findCredentials } from "../../../docker-config/credentials.js";
import type { BuildOptions } from "../../../engine.js";
import { type SentFile, sendFiles } from "./file-send.js";
import { GRPC, GrpcFailure } from "./grpc-messages.js";
import { type GrpcCall, type GrpcHandler, unary } from "./grpc-server.js";
import { Message, writeMessage } from "./protobuf.js";

export interface SessionContents {
  /** Directories by name, and of each the files that are wanted: none named, all. */
  readonly directories: Readonly<Record<string, (wanted: readonly string[]) => AsyncIterable<SentFile>>>;
  /** By the last part of their URL. */
  readonly uploads: Readonly<Record<string, AsyncIterable<Uint8Array>>>;
  readonly secrets: BuildOptions["secrets"];
  readonly ssh: BuildOptions["ssh"];
  /** Says where credentials for registries are. */
  readonly environment: NodeJS.ProcessEnv;
}

export function sessionServices(contents: SessionContents): Readonly<Record<string, GrpcHandler>> {
  const { secrets, environment } = contents;
  return {
    "/grpc.health.v1.Health/Check": unary(async () => writeMessage([[1, SERVING]])),
    "/moby.filesync.v1.FileSync/DiffCopy": (call) => sendDirectory(contents, call),
    "/moby.filesync.v1.Auth/Credentials": unary(async (request) => credentials(new Message(request).text(1), environment)),
    "/moby.upload.v1.Upload/Pull": (call) => upload(contents, call),
    "/moby.buildkit.secrets.v1.Secrets/GetSecret": unary(async (request) => {
      const id = new Message(request).text(1);
      const secret = await readSecret(secrets?.[id]);
      if (secret === undefined) throw new GrpcFailure(GRPC.notFound, `secret ${id}: not found`);
      return writeMessage([[1, secret]]);
    }),
    "/moby.sshforward.v1.SSH/CheckAgent": unary(async (request) => {
      await agentOf(contents, new Message(request).text(1));
      return Buffer.alloc(0);
    }),
    "/moby.sshforward.v1.SSH/ForwardAgent": (call) => forwardAgent(contents, call),
  };
}

const SERVING = 1;

async function sendDirectory({ directories }: SessionContents, call: GrpcCall): Promise<void> {
  const name = values(call.metadata, "dir-name")[0] ?? "";
  const files = directories[name];
  if (!files) throw new GrpcFailure(GRPC.notFound, `no access allowed to dir ${name}`);
  const wanted = [...values(call.metadata, "include-patterns"), ...values(call.metadata, "followpaths")];
  await sendFiles(call, files(wanted));
}

/** Metadata that is more than ASCII is percent-encoded, and says so. Node joins what comes several times. */
function values(metadata: IncomingHttpHeaders, name: string): string[] {
  const raw = metadata[name];
  const list = (Array.isArray(raw) ? raw : (raw?.split(", ") ?? [])).filter((value) => value !== "");
  return metadata[`${name}-encoded`] === "1" ? list.map(decodeURIComponent) : list;
}

async function credentials(host: string, environment: NodeJS.ProcessEnv): Promise<Buffer> {
  const domain = host === "registry-1.docker.io" ? "docker.io" : host;
  const { auth } = await findCredentials(domain, environment);
  if (!auth) return Buffer.alloc(0);
  return writeMessage(
    auth.identityToken === undefined
      ? [
          [1, auth.username ?? ""],
          [2, auth.password ?? ""],
        ]
      : [[2, auth.identityToken]],
  );
}

async function upload({ uploads }: SessionContents, { metadata, send }: GrpcCall): Promise<void> {
  const name = (values(metadata, "urlpath")[0] ?? "").split("/").at(-1) ?? "";
  const source = uploads[name];
  if (!source) throw new GrpcFailure(GRPC.notFound, `there is no upload ${name}`);
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PIECE) await send(writeMessage([[1, chunk.subarray(at, at + PIECE)]]));
  }
}

const PIECE = 32 << 10;

function agentOf({ ssh }: SessionContents, id: string): Promise<SshAgent> {
  const name = id === "" ? "default" : id;
  const given = ssh?.[name];
  if (given === undefined) throw new GrpcFailure(GRPC.notFound, `unset ssh forward key ${name}`);
  return openAgent(given);
}

async function forwardAgent(contents: SessionContents, { metadata, messages, send }: GrpcCall): Promise<void> {
  const { connect } = await agentOf(contents, values(metadata, "buildkit.ssh.id")[0] ?? "");
  const agent = connect();
  const answers = (async () => {
    for await (const chunk of agent) await send(writeMessage([[1, chunk as Buffer]]));
  })();
  answers.catch(() => {});
  try {
    for await (const message of messages) agent.write(new Message(message).bytes(1) ?? Buffer.alloc(0));
    agent.end();
    await answers;
  } finally {
    agent.destroy();
  }
}

/** Files of a root file system: packed by the supervisor, which resolves paths inside it. */
import { createHash } from "node:crypto";
import type { FileTree, TreeFile } from "../../../build-context/file-tree.js";
import { hasWildcard, matchExpression } from "../../../build-context/glob.js";
import { readTar } from "../../../build-context/tar-stream-codec.js";
import type { Session } from "../../containers/session.js";
import { Message, Tag } from "../../supervisor/protocol.js";
import { relative, rootOf, statInRoot } from "./root-files.js";

export class RootfsTree implements FileTree {
  readonly #session: Session;
  /** Directories, lowest first. */
  readonly #layers: readonly string[];
  readonly identity: string;

  /** @param diffIds names of the layers */
  constructor(session: Session, layers: readonly string[], diffIds: readonly string[]) {
    this.#session = session;
    this.#layers = layers;
    this.identity = createHash("sha256").update(diffIds.join(" ")).digest("hex");
  }

  async stat(path: string) {
    const [found] = await statInRoot(this.#session, this.#layers, [path]);
    return found && { isDirectory: found.type === "directory", path: found.path };
  }

  async glob(pattern: string): Promise<readonly string[]> {
    const parts = relative(pattern).split("/").filter(Boolean);
    const first = parts.findIndex(hasWildcard);
    const above = parts.slice(0, first).join("/");
    const expression = matchExpression(parts.slice(first).join("/"));
    const directory = await this.stat(above);
    if (!expression || !directory?.isDirectory) return [];
    const found: string[] = [];
    for await (const { entry } of this.files(directory.path)) {
      if (entry.name !== "" && expression.test(entry.name)) found.push(above === "" ? entry.name : `${above}/${entry.name}`);
    }
    return found;
  }

  async *files(path: string): AsyncGenerator<TreeFile> {
    if (this.#layers.length === 0) return;
    const { supervisor } = this.#session;
    const { token, socket } = supervisor.openStream();
    socket.on("error", () => {});
    // The archive's names begin with the last component, or with "." for the root.
    const top = relative(path).split("/").filter(Boolean).at(-1) ?? ".";
    const done = supervisor.request(Message.COPY_OUT, (writer) => {
      rootOf(this.#session, this.#layers)(writer);
      writer.text(Tag.PATH, relative(path)).u64(Tag.TOKEN_OUT, token);
    });
    done.catch((error: Error) => socket.destroy(error));
    socket.end();
    try {
      for await (const { entry, contents } of readTar(socket)) {
        const link = entry.type === "hardlink" ? below(top, entry.link) : entry.link;
        yield { entry: { ...entry, name: below(top, entry.name), link }, contents: () => contents };
      }
      await done;
    } finally {
      socket.destroy();
    }
  }
}

function below(top: string, name: string): string {
  return name === top ? "" : name.slice(top.length + 1);
}

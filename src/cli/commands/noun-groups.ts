/** The commands about containers and images, by themselves and by docker's longer names: `container ls` is `ps`, `image rm` is `image-rm`. */
import type { Command, CommandGroup } from "../command.js";
import { attach } from "./attach.js";
import { build } from "./build.js";
import { commit } from "./commit.js";
import { kill, pause, rename, restart, rm, start, stop, unpause, wait } from "./container-lifecycle.js";
import { diff, port, top } from "./container-views.js";
import { cp } from "./cp.js";
import { create } from "./create.js";
import { exec } from "./exec.js";
import { exportFiles } from "./export.js";
import { history } from "./history.js";
import { imageRm } from "./image-rm.js";
import { images } from "./images.js";
import { importImage } from "./import.js";
import { inspectContainer, inspectImage } from "./inspect.js";
import { load } from "./load.js";
import { logs } from "./logs.js";
import { containerPrune, imagePrune } from "./prune.js";
import { ps } from "./ps.js";
import { pull } from "./pull.js";
import { push } from "./push.js";
import { run } from "./run.js";
import { save } from "./save.js";
import { stats } from "./stats.js";
import { tag } from "./tag.js";
import { update } from "./update.js";

/** In the order of the help text. */
export const CONTAINER_COMMANDS: readonly Command[] = [
  ...[run, create, ps, logs, exec, attach, cp, stop, start, restart, kill, rm, rename, pause, unpause, wait],
  ...[top, port, diff, stats, update, commit, exportFiles],
];

export const IMAGE_COMMANDS: readonly Command[] = [build, pull, push, images, history, tag, imageRm, importImage, load, save];

export const container: CommandGroup = {
  name: "container",
  summary: "Manage containers: what the commands above do, by docker's longer names",
  commands: [
    ...CONTAINER_COMMANDS.map((command) =>
      command === ps ? inGroup("container", ps, "ls", ["list", "ps"]) : inGroup("container", command),
    ),
    inspectContainer,
    containerPrune,
  ],
};

const IMAGE_NAMES = new Map([
  [images, ["ls", "list"]],
  [imageRm, ["rm", "remove"]],
]);

export const image: CommandGroup = {
  name: "image",
  summary: "Manage images: what the commands above do, by docker's longer names",
  commands: [
    ...IMAGE_COMMANDS.map((command) => {
      const [name, ...aliases] = IMAGE_NAMES.get(command) ?? [];
      return inGroup("image", command, name, aliases);
    }),
    inspectImage,
    imagePrune,
  ],
};

function inGroup(group: string, command: Command, name: string = command.name, aliases: readonly string[] = []): Command {
  return { ...command, name: `${group} ${name}`, aliases: aliases.map((alias) => `${group} ${alias}`) };
}

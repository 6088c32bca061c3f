/** Docker's second way to say it: `container ls` is `ps`, `image rm` is `image-rm`. */
import type { Command, CommandGroup } from "../command.js";
import { attach } from "./attach.js";
import { build } from "./build.js";
import { commit } from "./commit.js";
import { kill, pause, rename, restart, rm, start, stop, unpause, wait } from "./container-lifecycle.js";
import { diff, port, top } from "./container-views.js";
import { cp } from "./cp.js";
import { create } from "./create.js";
import { exec } from "./exec.js";
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

export const container: CommandGroup = {
  name: "container",
  summary: "Manage containers: what the commands above do, by docker's longer names",
  commands: [
    ...[
      run,
      create,
      logs,
      exec,
      attach,
      cp,
      stop,
      start,
      restart,
      kill,
      rm,
      rename,
      pause,
      unpause,
      wait,
      top,
      port,
      diff,
      stats,
      commit,
    ].map((command) => inGroup("container", command)),
    inGroup("container", ps, "ls", ["list", "ps"]),
    inspectContainer,
    containerPrune,
  ],
};

export const image: CommandGroup = {
  name: "image",
  summary: "Manage images: what the commands above do, by docker's longer names",
  commands: [
    ...[build, pull, push, tag, importImage, load, save].map((command) => inGroup("image", command)),
    inGroup("image", images, "ls", ["list"]),
    inGroup("image", imageRm, "rm", ["remove"]),
    inspectImage,
    imagePrune,
  ],
};

function inGroup(group: string, command: Command, name: string = command.name, aliases: readonly string[] = []): Command {
  return { ...command, name: `${group} ${name}`, aliases: aliases.map((alias) => `${group} ${alias}`) };
}

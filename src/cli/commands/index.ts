/** Every command, in the order of the help text. */
import type { Command, CommandGroup } from "../command.js";
import { attach } from "./attach.js";
import { build } from "./build.js";
import { builder } from "./builder.js";
import { commit } from "./commit.js";
import { completion } from "./completion.js";
import { kill, pause, rename, restart, rm, start, stop, unpause, wait } from "./container-lifecycle.js";
import { diff, port, top } from "./container-views.js";
import { cp } from "./cp.js";
import { create } from "./create.js";
import { doctor } from "./doctor.js";
import { events } from "./events.js";
import { exec } from "./exec.js";
import { imageRm } from "./image-rm.js";
import { images } from "./images.js";
import { importImage } from "./import.js";
import { info } from "./info.js";
import { inspect } from "./inspect.js";
import { load } from "./load.js";
import { logs } from "./logs.js";
import { network } from "./network.js";
import { container, image } from "./noun-groups.js";
import { ps } from "./ps.js";
import { pull } from "./pull.js";
import { push } from "./push.js";
import { run } from "./run.js";
import { save } from "./save.js";
import { serve } from "./serve.js";
import { stats } from "./stats.js";
import { system } from "./system.js";
import { tag } from "./tag.js";
import { version } from "./version.js";
import { volume } from "./volume.js";

export const COMMANDS: readonly (Command | CommandGroup)[] = [
  run,
  create,
  ps,
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
  events,
  build,
  pull,
  push,
  images,
  inspect,
  tag,
  imageRm,
  importImage,
  load,
  save,
  container,
  image,
  network,
  volume,
  builder,
  system,
  info,
  serve,
  doctor,
  completion(() => COMMANDS),
  version,
];

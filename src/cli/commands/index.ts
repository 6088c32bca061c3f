/** Every command, in the order of the help text. */
import type { Command, CommandGroup } from "../command.js";
import { builder } from "./builder.js";
import { completion } from "./completion.js";
import { compose } from "./compose.js";
import { doctor } from "./doctor.js";
import { down } from "./down.js";
import { events } from "./events.js";
import { info } from "./info.js";
import { inspect } from "./inspect.js";
import { login, logout } from "./login.js";
import { network } from "./network.js";
import { CONTAINER_COMMANDS, container, IMAGE_COMMANDS, image } from "./noun-groups.js";
import { prune } from "./prune.js";
import { search } from "./search.js";
import { serve } from "./serve.js";
import { system } from "./system.js";
import { up } from "./up.js";
import { version } from "./version.js";
import { volume } from "./volume.js";

export const COMMANDS: readonly (Command | CommandGroup)[] = [
  ...CONTAINER_COMMANDS,
  events,
  ...IMAGE_COMMANDS,
  search,
  login,
  logout,
  inspect,
  up,
  down,
  compose,
  container,
  image,
  network,
  volume,
  prune,
  builder,
  system,
  info,
  serve,
  doctor,
  completion(() => COMMANDS),
  version,
];

/**
 * Imports run downward only: cli -> container, modules -> wait -> the engine contract. Only src/engine/open.ts knows the engines, and
 * builtin/runtime and builtin/network make plans without talking to the supervisor.
 */
const rule = (name, from, to, comment) => ({ name, severity: "error", comment, from, to });

module.exports = {
  forbidden: [
    rule("no-cycles", {}, { circular: true }, "A cycle has no bottom."),
    rule(
      "contract-stands-alone",
      {
        path: "^src/engine/(engine|image-service|container-spec|container-service|container-filters|container-stats|disk-usage|build-service|image-inspect|network-service|mount-spec|registry-auth|volume-service|diagnosis|errors|version)\\.ts$",
      },
      {
        path: "^src/",
        pathNot:
          "^src/engine/(engine|image-service|container-spec|container-service|container-filters|container-stats|disk-usage|build-service|image-inspect|network-service|mount-spec|registry-auth|volume-service)\\.ts$",
      },
      "The contract and the errors import nothing else of ours.",
    ),
    rule(
      "engine-below-sdk",
      { path: "^src/engine/" },
      { path: "^src/(cli|container|modules|wait|volume)/" },
      "Engines don't know who uses them.",
    ),
    rule(
      "engines-behind-open",
      { path: "^src/", pathNot: "^src/engine/(open\\.ts|builtin/)" },
      { path: "^src/engine/builtin/" },
      "Only open.ts knows the engines.",
    ),
    rule(
      "remote-behind-open",
      { path: "^src/", pathNot: "^src/engine/(open\\.ts|remote/)" },
      { path: "^src/engine/remote/" },
      "Only open.ts knows the engines.",
    ),
    rule(
      "server-over-any-engine",
      { path: "^src/engine/server/" },
      { path: "^src/engine/(builtin|remote|open)" },
      "It is handed an engine, and knows the contract alone.",
    ),
    rule(
      "server-behind-its-command",
      { path: "^src/", pathNot: "^src/(engine/server/|cli/)" },
      { path: "^src/engine/server/" },
      "Nothing else listens.",
    ),
    rule(
      "wire-types-are-pure",
      { path: "^src/engine/docker-api/" },
      { path: "^src/engine/(builtin|remote|server)/" },
      "The client and the server share them; they know neither.",
    ),
    rule(
      "shared-below-engines",
      { path: "^src/engine/(oci|docker-config|dockerfile|build-context|spec)/" },
      {
        path: "^src/",
        pathNot:
          "^src/engine/((oci|docker-config|dockerfile|build-context|spec)/|(engine|image-service|container-spec|build-service|errors|lacks-pipes)\\.ts$)",
      },
      "What engines have in common knows none of them.",
    ),
    rule(
      "open-sees-the-door",
      { path: "^src/engine/open\\.ts$" },
      { path: "^src/engine/(builtin|remote)/", pathNot: "(builtin|remote)/index\\.ts$" },
      "And of an engine only its index.",
    ),
    rule(
      "wait-below-container",
      { path: "^src/(wait|volume)/" },
      { path: "^src/(cli|container|modules)/" },
      "Waits and volumes know nothing of containers as objects.",
    ),
    rule("modules-below-container", { path: "^src/modules/" }, { path: "^src/(cli|container)/" }, "The catalogue is data for Container."),
    rule(
      "compose-below-its-commands",
      { path: "^src/", pathNot: "^src/(compose|cli)/" },
      { path: "^src/compose/" },
      "The SDK knows no projects.",
    ),
    rule("cli-on-top", { path: "^src/", pathNot: "^src/cli/" }, { path: "^src/cli/" }, "Nobody imports the command line."),
    rule(
      "plans-are-pure",
      { path: "^src/engine/builtin/(runtime|network)/" },
      {
        path: "^src/engine/builtin/",
        pathNot: "^src/engine/builtin/(runtime|network)/|supervisor/(codec|protocol)\\.ts$",
      },
      "Planning never talks to the supervisor.",
    ),
    rule(
      "images-apart",
      { path: "^src/engine/builtin/images/" },
      { path: "^src/engine/builtin/", pathNot: "^src/engine/builtin/images/" },
      "Rooms meet in builtin-engine.ts; images get their tools handed in.",
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js"] },
  },
};

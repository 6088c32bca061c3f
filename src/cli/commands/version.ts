import { release } from "node:os";
import { ADVERTISED_VERSION } from "../../engine/server/api-version.js";
import { version as caisson } from "../../engine/version.js";
import { isAboutClientAlone } from "../client-alone.js";
import { type Call, defineCommand, JSON_OPTION } from "../command.js";
import { OBJECT_FORMAT_OPTION, printObject } from "../format-object.js";
import { printJson, printLine } from "../terminal.js";

export const version = defineCommand({
  name: "version",
  summary: "Print versions",
  operands: "",
  least: 0,
  most: 0,
  options: {
    format: { ...OBJECT_FORMAT_OPTION, help: "json, or a template with docker's names, such as '{{.Server.Version}}'" },
    json: JSON_OPTION,
  },
  async run({ values, terminal, engine }) {
    if (values.format !== undefined) {
      printObject(terminal, values.format, await dockerNames(values.format, engine));
      return 0;
    }
    const versions = { caisson, node: process.versions.node, platform: `${process.platform}/${process.arch}`, kernel: release() };
    if (values.json) printJson(terminal, versions);
    else for (const [name, text] of Object.entries(versions)) printLine(terminal, `${`${name}:`.padEnd(10)}${text}`);
    return 0;
  },
});

/** The engine is asked unless nothing of its own is. Docker's JSON has ApiVersion where its templates have APIVersion. */
async function dockerNames(format: string, engine: Call["engine"]): Promise<object> {
  const Client = {
    ...{ Version: caisson, NodeVersion: process.versions.node },
    ...{ Os: process.platform, Arch: process.arch === "x64" ? "amd64" : process.arch, KernelVersion: release() },
  };
  if (isAboutClientAlone(format)) return { Client };
  const { version: engineVersion, platform, kernelVersion, apiVersion = ADVERTISED_VERSION } = await (await engine()).info();
  const [Os, ...architecture] = platform.split("/");
  const api = { APIVersion: apiVersion, ApiVersion: apiVersion };
  return {
    Client: { ...Client, ...api },
    Server: { Version: engineVersion, ...api, Os, Arch: architecture.join("/"), KernelVersion: kernelVersion },
  };
}

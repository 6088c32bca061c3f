import { expect, it } from "vitest";
import { isAboutClientAlone } from "../../../src/cli/client-alone.js";

it.each([
  ["{{.Client.Version}} on {{.Client.Os}}", true],
  ["{{json .Client.Version}}", true],
  ["{{.Client.APIVersion}}", false],
  ["{{.Client.Version}} {{.Server.Version}}", false],
  ["{{.Nope}}", false],
  ["{{json .Client}}", false],
  ["{{json .}}", false],
  ["json", false],
])("%s", (template, expected) => expect(isAboutClientAlone(template)).toBe(expected));

/** Which proxies docker's configuration gives to a daemon's containers and builds. */
import { expect, it } from "vitest";
import { proxiesOf } from "../../../../src/engine/docker-config/proxies.js";

const config = {
  proxies: {
    default: { httpProxy: "http://proxy:1", httpsProxy: "http://proxy:2", noProxy: "*.test", ftpProxy: "", allProxy: "socks5://proxy:3" },
    "tcp://far:2376": { httpProxy: "http://far-proxy:1" },
  },
};

it("those of `default`, in both spellings, without empty ones", () => {
  expect(proxiesOf(config, undefined, "config.json")).toEqual({
    HTTP_PROXY: "http://proxy:1",
    http_proxy: "http://proxy:1",
    HTTPS_PROXY: "http://proxy:2",
    https_proxy: "http://proxy:2",
    NO_PROXY: "*.test",
    no_proxy: "*.test",
    ALL_PROXY: "socks5://proxy:3",
    all_proxy: "socks5://proxy:3",
  });
  expect(proxiesOf(config, "unix:///elsewhere", "config.json")).toEqual(proxiesOf(config, undefined, "config.json"));
});

it("those of the daemon alone, where it is named", () => {
  expect(proxiesOf(config, "tcp://far:2376", "config.json")).toEqual({
    HTTP_PROXY: "http://far-proxy:1",
    http_proxy: "http://far-proxy:1",
  });
});

it("none where there are none", () => {
  expect(proxiesOf({}, "tcp://far:2376", "config.json")).toEqual({});
});

it("what is no URL is named", () => {
  const wrong = { proxies: { default: { httpProxy: 3128 } } } as never;
  expect(() => proxiesOf(wrong, undefined, "config.json")).toThrow("Expected `proxies in config.json: httpProxy` to be a URL, got 3128");
});

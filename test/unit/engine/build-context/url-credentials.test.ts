import { expect, it } from "vitest";
import { takeCredentials, withoutCredentials } from "../../../../src/engine/build-context/url-credentials.js";

it.each([
  ["https://host/a?b#c", "https://host/a?b#c", undefined],
  ["https://user:p%40ss@host:81/a", "https://host:81/a", "user:p@ss"],
  ["https://token@host/", "https://host/", "token:"],
  ["https://:pass@host/", "https://host/", ":pass"],
  ["https://user:100%@host/", "https://host/", "user:100%"],
])("%s is asked for as %s", (given, url, pair) => {
  const open = takeCredentials(new URL(given));
  expect(open.url.href).toBe(url);
  expect(open.authorization).toBe(pair && `Basic ${Buffer.from(pair).toString("base64")}`);
});

it.each([
  ["ADD https://user:pass@host/f.tar /d", "ADD https://xxxxx@host/f.tar /d"],
  ["ADD https://token@host/r.git#v1 HTTP://a:b@c/d /d", "ADD https://xxxxx@host/r.git#v1 HTTP://xxxxx@c/d /d"],
  ["ssh://git@host/r.git and git@host:r.git", "ssh://git@host/r.git and git@host:r.git"],
  ["RUN psql postgres://me:pass@db/x", "RUN psql postgres://me:xxxxx@db/x"],
  ["fatal: 'https://u:p@h/' and \"https://u:p@h/\"", "fatal: 'https://xxxxx@h/' and \"https://xxxxx@h/\""],
  ["ADD https://host/a@b:c@d /e", "ADD https://host/a@b:c@d /e"],
  ["https://host user@example.org", "https://host user@example.org"],
])("%s is shown as %s", (text, shown) => {
  expect(withoutCredentials(text)).toBe(shown);
});

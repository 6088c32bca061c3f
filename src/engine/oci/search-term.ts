/** What a search names: a registry, and a word to look for there. Pure; moby's splitReposSearchTerm. */
import { optionError } from "../errors.js";

const HUB = "docker.io";

/** `localhost:5000/x` is another registry's, `library/x` and `x` are Docker Hub's. @throws OPTION_INVALID */
export function parseSearchTerm(term: string): { readonly domain: string; readonly word: string; readonly hub: boolean } {
  if (term === "" || term.includes("://")) throw optionError("term", term, "a word, or HOST[:PORT]/WORD");
  const slash = term.indexOf("/");
  const first = term.slice(0, Math.max(slash, 0));
  if (!/[.:]/.test(first) && first !== "localhost") return { domain: HUB, word: term.replace(/^library\//, ""), hub: true };
  const domain = first === "index.docker.io" ? HUB : first;
  return { domain, word: term.slice(slash + 1), hub: domain === HUB };
}

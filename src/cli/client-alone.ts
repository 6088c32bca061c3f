/** Which templates of `version` can be filled without an engine. Pure. */

/** All its fields are the client's own; the version of the API is what both speak. */
export function isAboutClientAlone(template: string): boolean {
  if (template === "json") return false;
  const paths = template.match(/(?<![\w)])\.[\w.]*/g) ?? [];
  return paths.every((path) => /^\.Client\.(?!A[Pp][Ii]Version)\w/.test(path));
}

/** Lists of processors and memory nodes as the kernel writes them: `0-2,4`. */

/** Undefined for what is no list. */
export function parseCpuList(text: string): ReadonlySet<number> | undefined {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(last) < Number(first)) return undefined;
    for (let number = Number(first); number <= Number(last); number++) numbers.add(number);
  }
  return numbers;
}

/** Whether a list names nothing but what another one has. */
export function includesCpus(available: string, wanted: string): boolean {
  const all = parseCpuList(available);
  const some = parseCpuList(wanted);
  return all !== undefined && some !== undefined && [...some].every((number) => all.has(number));
}

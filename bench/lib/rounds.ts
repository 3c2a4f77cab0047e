// Runs several contenders in turn, round by round, and begins each round with another one, so that what the machine
// does meanwhile meets all of them alike.

export interface Contender {
  readonly name: string;
  /** Does the work once, from nothing; seconds. */
  readonly run: () => Promise<number>;
}

/** Where the rounds take longer than this altogether (s), there are only so many of them. */
const BUDGET = 40;
const ENOUGH = 3;

/** The results of each, in the order of `contenders` and of the rounds. */
export async function alternate(
  contenders: readonly Contender[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const results = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const began = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= ENOUGH && performance.now() - began > BUDGET * 1000) break;
    for (let i = 0; i < contenders.length; i++) {
      const { name, run } = contenders[(round + i) % contenders.length] as Contender;
      results.get(name)?.push(await run());
    }
  }
  return results;
}

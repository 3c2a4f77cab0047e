// Pieces of work that must not overlap: each begins when those asked for before it have ended, however they ended. Whoever
// asked hears how his own ended, and of no other.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

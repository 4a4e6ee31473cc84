const FASTEST_MS = 1_000;
export const SLOWEST_MS = 10_000;
/** Of looks at an execution that runs. A look costs a fifth of what a second of the API's waiting would. */
export const RUNNING_FASTEST_MS = 500;
export const RUNNING_SLOWEST_MS = 3_000;
const SLOWER = 2;

/**
 * How long to wait until the next look: briefly after news, then twice as long each time nothing was new.
 * Asking twice about the same look changes nothing, because a query asks whenever it likes.
 */
export class Pace {
  private interval: number;
  private look: unknown;
  private news: unknown;

  constructor(private readonly fastest = FASTEST_MS) {
    this.interval = fastest;
  }

  /** `look` differs for every look that was taken, `news` whenever one brought something new. */
  next(look: unknown, news: unknown, slowest = SLOWEST_MS): number {
    if (look !== this.look) {
      this.interval =
        this.look === undefined || news !== this.news ? this.fastest : Math.min(this.interval * SLOWER, slowest);
      this.look = look;
      this.news = news;
    }
    return this.interval;
  }
}

export const FASTEST_MS = 1_000;
export const SLOWEST_MS = 10_000;
const SLOWER = 1.5;

/**
 * How long to wait until the next look: 1 s after news, then half as long again each time nothing was new, up to 10 s.
 * Asking twice about the same look changes nothing, because a query asks whenever it likes.
 */
export class Pace {
  private interval = FASTEST_MS;
  private look: unknown;
  private news: unknown;

  /** `look` differs for every look that was taken, `news` whenever one brought something new. */
  next(look: unknown, news: unknown): number {
    if (look !== this.look) {
      this.interval =
        this.look === undefined || news !== this.news ? FASTEST_MS : Math.min(this.interval * SLOWER, SLOWEST_MS);
      this.look = look;
      this.news = news;
    }
    return this.interval;
  }
}

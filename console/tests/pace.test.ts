import { expect, it } from "vitest";
import { Pace } from "@/api/pace";

it("asks after a second, then ever more slowly up to ten, while nothing is new", () => {
  const pace = new Pace();
  const delays = Array.from({ length: 9 }, (_, look) => pace.next(look, "same"));
  expect(delays.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
  expect(delays.at(-1)).toBe(10_000);
});

it("starts over with news", () => {
  const pace = new Pace();
  for (let look = 0; look < 6; look++) pace.next(look, "old");
  expect(pace.next(6, "new")).toBe(1000);
  expect(pace.next(7, "new")).toBe(2000);
});

it("does not slow down by being asked twice about one look", () => {
  const pace = new Pace();
  pace.next(0, "same");
  expect([pace.next(1, "same"), pace.next(1, "same")]).toEqual([2000, 2000]);
});

it("can be quicker, and slow down less", () => {
  const pace = new Pace(500);
  const delays = Array.from({ length: 7 }, (_, look) => pace.next(look, "same", 3_000));
  expect(delays.slice(0, 2)).toEqual([500, 1000]);
  expect(delays.at(-1)).toBe(3_000);
});

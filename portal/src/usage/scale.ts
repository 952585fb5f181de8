/** Round steps from zero to just above the highest value. */
export function ticks(highest: number): number[] {
  if (highest <= 0) return [0, 1];
  const rough = highest / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power);
  const all: number[] = [];
  for (let value = 0; value < highest + step; value += step) all.push(value);
  return all;
}

import { describe, expect, it, vi } from "vitest";
import { guarded, type Wanted } from "~/account/guard";

const wants = async (cause: unknown): Promise<Wanted | null> => (cause === "STEP_UP_REQUIRED" ? "anything" : cause === "SECOND_FACTOR_REQUIRED" ? "factor" : null);

/** An act that is refused so, one after the other, and then done. */
function acting(...refusals: string[]) {
  const act = vi.fn(async () => {
    const refusal = refusals.shift();
    if (refusal !== undefined) throw refusal;
    return "done";
  });
  const ask = vi.fn<(what: Wanted) => Promise<void>>(async () => undefined);
  return { act, ask, asked: () => ask.mock.calls.map(([what]) => what), run: () => guarded(act, wants, ask) };
}

describe("a dangerous act", () => {
  it.each([
    [[], []],
    [["STEP_UP_REQUIRED"], ["anything"]],
    [["SECOND_FACTOR_REQUIRED"], ["factor"]],
    [
      ["STEP_UP_REQUIRED", "SECOND_FACTOR_REQUIRED"],
      ["anything", "factor"],
    ],
  ])("refused by %j is done after asking for %j", async (refusals, asked) => {
    const acts = acting(...refusals);
    await expect(acts.run()).resolves.toBe("done");
    expect(acts.asked()).toEqual(asked);
    expect(acts.act).toHaveBeenCalledTimes(refusals.length + 1);
  });

  it.each([
    [["OTHER"], []],
    [["STEP_UP_REQUIRED", "STEP_UP_REQUIRED"], ["anything"]],
    [["STEP_UP_REQUIRED", "OTHER"], ["anything"]],
    [["SECOND_FACTOR_REQUIRED", "SECOND_FACTOR_REQUIRED"], ["factor"]],
    [["SECOND_FACTOR_REQUIRED", "STEP_UP_REQUIRED"], ["factor"]],
    [
      ["STEP_UP_REQUIRED", "SECOND_FACTOR_REQUIRED", "SECOND_FACTOR_REQUIRED"],
      ["anything", "factor"],
    ],
  ])("refused by %j fails after asking for %j", async (refusals, asked) => {
    const last = refusals.at(-1);
    const acts = acting(...refusals);
    await expect(acts.run()).rejects.toBe(last);
    expect(acts.asked()).toEqual(asked);
  });

  it("is not tried again when nothing is shown", async () => {
    const acts = acting("STEP_UP_REQUIRED");
    acts.ask.mockRejectedValue("CANCELED");
    await expect(acts.run()).rejects.toBe("CANCELED");
    expect(acts.act).toHaveBeenCalledTimes(1);
  });
});

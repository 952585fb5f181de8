/** What has to be shown: anything that says who is there, or the second factor. */
export type Wanted = "anything" | "factor";

/**
 * Runs the act; where more has to be shown for it, asks and runs it again. After a password the server may want the second factor besides:
 * so it asks at most twice, the second time for the factor alone. `ask` throws where nothing is shown.
 */
export async function guarded<T>(act: () => Promise<T>, wants: (cause: unknown) => Promise<Wanted | null>, ask: (what: Wanted) => Promise<void>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const what = await wants(cause);
    if (what === null) throw cause;
    await ask(what);
    if (what === "factor") return act();
  }
  try {
    return await act();
  } catch (cause) {
    if ((await wants(cause)) !== "factor") throw cause;
    await ask("factor");
    return act();
  }
}

using Tollgate.Foundation;
using Tollgate.Gateway.Apis;

namespace Tollgate.Gateway.Tests.Apis;

public sealed class LargeDocumentsTests
{
    [Fact]
    public async Task ReadAsync_ManyLargeOnesAtOnce_OneIsReadAFewWaitTheRestIsRefused()
    {
        using var large = new LargeDocuments();
        using var first = new ManualResetEventSlim();
        var reading = 0;
        var most = 0;
        Outcome<int> Read()
        {
            most = Math.Max(most, Interlocked.Increment(ref reading));
            first.Wait(TestContext.Current.CancellationToken);
            Interlocked.Decrement(ref reading);
            return 1;
        }

        Task<Outcome<int>> Start(int bytes, Func<Outcome<int>> read) => Task.Run(() => large.ReadAsync(bytes, read, CancellationToken.None));
        var begun = Enumerable.Range(0, 1 + LargeDocuments.MostWaiting + 3).Select(_ => Start(LargeDocuments.LargeBytes + 1, Read)).ToList();
        // The three that are too many end while the first still reads; then it is let go.
        var refused = new List<Task<Outcome<int>>>();
        while (refused.Count < 3)
            refused.Add(await Task.WhenAny(begun.Except(refused)));
        (await Start(LargeDocuments.LargeBytes, () => 2)).Value.ShouldBe(2);
        first.Set();

        var outcomes = await Task.WhenAll(begun);
        outcomes.Count(outcome => outcome.Failure?.Code == "IMPORT_BUSY").ShouldBe(3);
        outcomes.Count(outcome => outcome.Succeeded).ShouldBe(1 + LargeDocuments.MostWaiting);
        most.ShouldBe(1);
        (await Start(LargeDocuments.LargeBytes + 1, () => 3)).Value.ShouldBe(3);
    }
}

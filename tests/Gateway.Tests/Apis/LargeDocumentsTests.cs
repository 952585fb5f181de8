using Tollgate.Foundation;
using Tollgate.Gateway.Apis;

namespace Tollgate.Gateway.Tests.Apis;

public sealed class LargeDocumentsTests
{
    [Fact]
    public async Task ReadAsync_SeveralLargeOnesAtOnce_OneIsReadAtATime()
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
        var begun = Enumerable.Range(0, 4).Select(_ => Start(LargeDocuments.LargeBytes + 1, Read)).ToList();
        // A small one passes them all.
        (await Start(LargeDocuments.LargeBytes, () => 2)).Value.ShouldBe(2);
        first.Set();

        (await Task.WhenAll(begun)).ShouldAllBe(outcome => outcome.Succeeded);
        most.ShouldBe(1);
    }
}

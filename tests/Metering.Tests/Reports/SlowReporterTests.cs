using System.Net;
using Tollgate.Metering.Tests.Usage;

namespace Tollgate.Metering.Tests.Reports;

public sealed class SlowReporterTests
{
    [Fact]
    public async Task Report_WhileOthersSendSlowly_IsTakenAtOnce()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var bodies = Enumerable.Range(0, 20).Select(_ => new SlowBody(end.Token)).ToList();
        var slow = bodies.Select(body => server.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/api/usage/events") { Content = body }, 200)).ToList();
        await Task.WhenAll(bodies.Select(body => body.Begun));
        (await server.ReportAsync(Reporting.Event(meter, "1", 7))).ShouldBe(["accepted"]);
        slow.ShouldAllBe(task => !task.IsCompleted);
        await end.CancelAsync();
        await Should.ThrowAsync<Exception>(Task.WhenAll(slow));
    }

    /// <summary>Sends blanks, never so few that the server takes the client for dead, until it is told to end.</summary>
    private sealed class SlowBody : HttpContent
    {
        private readonly CancellationToken _end;
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SlowBody(CancellationToken end)
        {
            _end = end;
            Headers.ContentType = new(Reporting.Batch);
        }

        public Task Begun => _begun.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var blanks = new byte[512];
            blanks.AsSpan().Fill((byte)' ');
            while (true)
            {
                await stream.WriteAsync(blanks, _end);
                await stream.FlushAsync(_end);
                _begun.TrySetResult();
                await Task.Delay(200, _end);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

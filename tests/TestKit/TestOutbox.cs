using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation.Outbox;

namespace Tollgate.TestKit;

/// <summary>Hands out what is in the outbox, as a node with the worker role does by itself.</summary>
public static class TestOutbox
{
    public static async Task DrainAsync(IServiceProvider services)
    {
        using var drainer = ActivatorUtilities.CreateInstance<OutboxDrainer>(services);
        await drainer.DrainAsync(CancellationToken.None).ConfigureAwait(false);
    }
}

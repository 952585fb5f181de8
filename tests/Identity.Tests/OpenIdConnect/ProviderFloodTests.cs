using Microsoft.Extensions.DependencyInjection;
using Tollgate.Identity.OpenIdConnect;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.OpenIdConnect;

/// <summary>However many come to us without being known, a provider is asked what it publishes once.</summary>
public sealed class ProviderFloodTests : IAsyncLifetime
{
    private readonly ProviderServer _world = new();

    public ValueTask InitializeAsync() => _world.InitializeAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task ManyAtOnce_AskTheProviderOnce()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _world.NewBrowser().SendAsync(HttpMethod.Post, "/auth/providers/acme/sign-in", new { })));
        answers.ShouldAllBe(answer => answer.Status == 200);
        _world.Provider.DiscoveryReads.ShouldBe(1);
        _world.Provider.KeyReads.ShouldBe(1);
    }

    [Fact]
    public async Task ProviderThatDoesNotAnswer_IsLeftAloneForTenSeconds()
    {
        _world.Provider.IsDown = true;
        for (var i = 0; i < 5; i++)
            (await _world.NewBrowser().SendAsync(HttpMethod.Post, "/auth/providers/acme/sign-in", new { })).Status.ShouldBe(503);
        _world.Provider.DiscoveryReads.ShouldBe(1);
        _world.Provider.IsDown = false;
        _world.Clock.Advance(TimeSpan.FromSeconds(10));
        (await _world.NewBrowser().SendAsync(HttpMethod.Post, "/auth/providers/acme/sign-in", new { })).Status.ShouldBe(200);
        _world.Provider.DiscoveryReads.ShouldBe(2);
    }

    [Fact]
    public async Task WhoGivesUp_LeavesTheOthersTheirAnswer()
    {
        var directory = _world.Server.Services.GetRequiredService<OidcDirectory>();
        var provider = _world.Server.Services.GetRequiredService<OidcProviders>().Find("acme")!;
        using var gone = new CancellationTokenSource();
        var first = directory.MetadataAsync(provider, gone.Token);
        var second = directory.MetadataAsync(provider, CancellationToken.None);
        await gone.CancelAsync();
        (await second).ShouldNotBeNull();
        await Task.WhenAny(first);
        _world.Provider.DiscoveryReads.ShouldBe(1);
    }
}

using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Sessions;

/// <summary>What has ended does not stay for ever, and what lives goes on.</summary>
public sealed class PruneTests : IAsyncLifetime
{
    private readonly IdentityServer _identity = new();

    public ValueTask InitializeAsync() => _identity.InitializeAsync();

    public ValueTask DisposeAsync() => _identity.DisposeAsync();

    [Fact]
    public async Task RefreshToken_WhoseParentIsForgotten_GoesOn()
    {
        var refresh = IdentityServer.Text(await _identity.RegisterAsync("weekly@example.com"), "refresh_token");
        for (var i = 0; i < 3; i++)
        {
            _identity.Clock.Advance(TimeSpan.FromDays(20));
            refresh = await RefreshAsync(refresh);
        }
        await PruneAsync();
        (await CountAsync("refresh_token")).ShouldBe(2, "those of the last thirty days");
        await RefreshAsync(refresh);
    }

    [Fact]
    public async Task Session_PastItsAbsoluteEnd_IsForgotten()
    {
        await _identity.RegisterAsync("old@example.com");
        _identity.Clock.Advance(TimeSpan.FromDays(100));
        var young = await IdentityServer.BodyAsync(_identity.PostAsync("/auth/login", new { email = "old@example.com", password = IdentityServer.Password }));
        _identity.Clock.Advance(TimeSpan.FromDays(25));
        var refresh = await RefreshAsync(IdentityServer.Text(young, "refresh_token"));
        await PruneAsync();
        (await CountAsync("session")).ShouldBe(2);
        _identity.Clock.Advance(TimeSpan.FromDays(25));
        refresh = await RefreshAsync(refresh);
        _identity.Clock.Advance(TimeSpan.FromDays(29));
        await RefreshAsync(refresh);
        _identity.Clock.Advance(TimeSpan.FromDays(3));
        await PruneAsync();
        (await CountAsync("session")).ShouldBe(1, "the one that is not 180 days old");
        (await CountAsync("challenge")).ShouldBe(0);
    }

    [Fact]
    public async Task OfferOfAnApp_ThatNobodyTook_IsForgotten()
    {
        var token = IdentityServer.Text(await _identity.RegisterAsync("offered@example.com"), "access_token");
        await IdentityServer.BodyAsync(_identity.PostAsync("/auth/totp", new { }, token));
        await PruneAsync();
        (await CountAsync("totp_offer")).ShouldBe(1);
        _identity.Clock.Advance(TimeSpan.FromMinutes(61));
        await PruneAsync();
        (await CountAsync("totp_offer")).ShouldBe(0);
    }

    [Fact]
    public async Task OfferOfAnApp_MadeAnewInTheMomentOfItsPruning_Stays()
    {
        const string email = "anew@example.com";
        await IdentityServer.BodyAsync(_identity.PostAsync("/auth/totp", new { }, IdentityServer.Text(await _identity.RegisterAsync(email), "access_token")));
        _identity.Clock.Advance(TimeSpan.FromMinutes(61));
        var token = IdentityServer.Text(await IdentityServer.BodyAsync(_identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password })), "access_token");
        await using var held = await RowLock.TakeAsync(_identity.Database, "SELECT FROM identity.totp_offer FOR UPDATE");
        var offering = _identity.PostAsync("/auth/totp", new { }, token);
        await held.UntilWaitingAsync(1);
        var pruning = PruneAsync();
        await held.UntilWaitingAsync(2);
        await held.ReleaseAsync();
        await IdentityServer.BodyAsync(offering);
        await pruning;
        (await CountAsync("totp_offer")).ShouldBe(1);
    }

    private Task PruneAsync() => ActivatorUtilities.CreateInstance<PruneSignInState>(_identity.Server.Services).RunAsync(CancellationToken.None);

    private async Task<string> RefreshAsync(string token) => IdentityServer.Text(await IdentityServer.BodyAsync(_identity.RefreshAsync(token)), "refresh_token");

    private async Task<long> CountAsync(string table)
    {
        await using var command = _identity.Database.OwnerOrSuperuser.CreateCommand($"SELECT count(*) FROM identity.{table}");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

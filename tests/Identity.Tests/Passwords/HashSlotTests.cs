using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity.Passwords;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Passwords;

/// <summary>Hashes are made one after the other, and who waits for one is counted.</summary>
public sealed class HashSlotTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Room_WhenAllIsTaken_RefusesAtOnceAndGivesItBack()
    {
        using var slots = new HashSlots(new ManualClock(), 2, 3);
        await using (var full = await Full.OfAsync(slots))
            (await RefusalAsync(slots)).ShouldBe(("PASSWORDS_BUSY", 503, true));
        (await slots.RunAsync(() => 7, CancellationToken.None)).ShouldBe(7);
    }

    [Fact]
    public async Task Waiting_ForMoreThanFiveSeconds_IsOver()
    {
        var clock = new ManualClock();
        using var slots = new HashSlots(clock, 1, 10);
        using var release = new ManualResetEventSlim();
        var first = slots.RunAsync(Held(release), CancellationToken.None);
        var second = slots.RunAsync(() => 2, CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(4));
        second.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromSeconds(1));
        (await Should.ThrowAsync<FailureException>(second)).Failure.Code.ShouldBe("PASSWORDS_BUSY");
        release.Set();
        (await first).ShouldBe(1);
        (await slots.RunAsync(() => 3, CancellationToken.None)).ShouldBe(3);
    }

    [Fact]
    public async Task SignIn_WithoutRoom_Is503AndCountsAsNoGuess()
    {
        await identity.RegisterAsync("busy@example.com");
        var slots = identity.Server.Services.GetRequiredService<HashSlots>();
        await using (var full = await Full.OfAsync(slots))
            for (var i = 0; i < 12; i++)
            {
                using var refused = await LoginAsync("busy@example.com", "a wrong password");
                await IdentityServer.ProblemAsync(refused, 503, "PASSWORDS_BUSY");
                refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(2));
            }
        await IdentityServer.BodyAsync(LoginAsync("busy@example.com", IdentityServer.Password));
    }

    [Fact]
    public async Task WrongCode_OfAnAppThatIsAdded_CostsNoHash()
    {
        var token = IdentityServer.Text(await identity.RegisterAsync("cheap@example.com"), "access_token");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp", new { }, token));
        await using var full = await Full.OfAsync(identity.Server.Services.GetRequiredService<HashSlots>());
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/totp/confirm", new { code = "000000" }, token), 422, "SECOND_FACTOR_INVALID");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/recovery-codes", new { }, token), 404, "NOT_FOUND");
    }

    private Task<HttpResponseMessage> LoginAsync(string email, string password) => identity.PostAsync("/auth/login", new { email, password });

    private static async Task<(string Code, int Status, bool SaysWhen)> RefusalAsync(HashSlots slots)
    {
        var refused = (await Should.ThrowAsync<FailureException>(slots.RunAsync(() => 0, CancellationToken.None))).Failure;
        return (refused.Code, refused.Status, refused.RetryAfterSeconds is not null);
    }

    private static Func<int> Held(ManualResetEventSlim release) => () =>
    {
        release.Wait(TimeSpan.FromMinutes(1));
        return 1;
    };

    /// <summary>Holds every place until it is disposed of.</summary>
    internal sealed class Full : IAsyncDisposable
    {
        private readonly ManualResetEventSlim _release = new();
        private readonly List<Task> _inside = [];

        public static Task<Full> OfAsync(HashSlots slots)
        {
            var full = new Full();
            for (var i = 0; i < slots.Room; i++)
                full._inside.Add(slots.RunAsync(Held(full._release), CancellationToken.None));
            return Task.FromResult(full);
        }

        public async ValueTask DisposeAsync()
        {
            _release.Set();
            await Task.WhenAll(_inside);
            _release.Dispose();
        }
    }
}

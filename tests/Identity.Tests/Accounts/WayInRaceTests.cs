using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Accounts;

/// <summary>
/// Somebody adds a way in to an account whose ways in are being dropped: their request was let in while their session lived, and waits for the account. Held where it is
/// decided: the account is locked, and its sessions have not ended yet.
/// </summary>
public sealed class WayInRaceTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Theory]
    [InlineData("token")]
    [InlineData("token again")]
    [InlineData("passkey")]
    [InlineData("totp offer")]
    [InlineData("totp")]
    [InlineData("recovery codes")]
    public async Task WayIn_OfWhoRegisteredTheAddress_IsNotAddedOnceItsOwnerCame(string way)
    {
        var email = $"owner-{way.Replace(' ', '-')}@example.com";
        var thief = await identity.RegisterAsync(email);
        using var device = new FakeAuthenticator(identity.Server.Address);
        var add = await PreparedAsync(way, IdentityServer.Text(thief, "access_token"), device);
        var mailed = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.session", "UPDATE");
        var owner = identity.PostAsync("/auth/mail-sign-in/link", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.SignIn, email)), binding = IdentityServer.Text(mailed, "binding") });
        await gate.UntilWaitingAsync(1);
        var added = add();
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(owner);
        await IdentityServer.RefusedAsync(added, 401, "UNAUTHENTICATED");
        (await WaysInAsync(thief)).ShouldBe(0);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("passkey")]
    [InlineData("totp offer")]
    public async Task WayIn_AddedDuringADeletion_LeavesNoRowOfIt(string way)
    {
        var email = $"deleted-{way.Replace(' ', '-')}@example.com";
        var session = await identity.RegisterAsync(email);
        var access = IdentityServer.Text(session, "access_token");
        using var device = new FakeAuthenticator(identity.Server.Address);
        var add = await PreparedAsync(way, access, device);
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.session", "DELETE");
        var deletion = identity.PostAsync("/me/delete", new { email }, access);
        await gate.UntilWaitingAsync(1);
        var added = add();
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(deletion, 204);
        await IdentityServer.RefusedAsync(added, 401, "UNAUTHENTICATED");
        (await WaysInAsync(session)).ShouldBe(0);
    }

    /// <summary>Everything but the last request, which adds it.</summary>
    private async Task<Func<Task<HttpResponseMessage>>> PreparedAsync(string way, string access, FakeAuthenticator device)
    {
        switch (way)
        {
            case "token":
                return () => identity.PostAsync("/api/tokens", new { name = "kept", scopes = new[] { "apis:read" } }, access);
            case "token again":
                return () => identity.PostAsync("/api/tokens", new { name = "kept", scopes = new[] { "apis:read" } }, access, ("Idempotency-Key", $"again-{access[^12..]}"));
            case "totp offer":
                return () => identity.PostAsync("/auth/totp", new { }, access);
            case "passkey":
                var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/passkeys/options", new { }, access));
                var made = new { challenge = IdentityServer.Text(asked, "challenge"), name = "Phone", credential = device.Create(asked.GetProperty("options")) };
                return () => identity.PostAsync("/auth/passkeys", made, access);
            default:
                var offer = await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp", new { }, access));
                var code = new AuthenticatorApp(IdentityServer.Text(offer, "secret")).CodeAt(identity.Clock.GetUtcNow());
                if (way == "totp")
                    return () => identity.PostAsync("/auth/totp/confirm", new { code }, access);
                await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp/confirm", new { code }, access));
                return () => identity.PostAsync("/auth/recovery-codes", new { }, access);
        }
    }

    private async Task<long> WaysInAsync(JsonElement session)
    {
        TypeId.TryParse(session.GetProperty("account").GetProperty("id").GetString(), "acc", out var id).ShouldBeTrue();
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("""
            SELECT (SELECT count(*) FROM identity.api_token WHERE account_id = $1 AND ended_at IS NULL) + (SELECT count(*) FROM identity.passkey WHERE account_id = $1)
              + (SELECT count(*) FROM identity.totp WHERE account_id = $1) + (SELECT count(*) FROM identity.totp_offer WHERE account_id = $1) + (SELECT count(*) FROM identity.recovery_code WHERE account_id = $1)
            """);
        command.Parameters.AddWithValue(id);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

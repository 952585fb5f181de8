using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tollgate.Identity.Tests.Attempts;

/// <summary>Whether an address has an account is told by nothing but register: not by status, headers, text or work.</summary>
public sealed partial class EnumerationTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Theory]
    [InlineData("/auth/login", "password")]
    [InlineData("/auth/forgot-password", null)]
    [InlineData("/auth/mail-sign-in", null)]
    public async Task Answer_IsTheSameForEveryAddress(string path, string? password)
    {
        var known = $"known{path.Replace('/', '-')}@example.com";
        await identity.RegisterAsync(known);
        var answers = new List<string>();
        foreach (var email in new[] { known, $"un{known}" })
        {
            using var response = await identity.PostAsync(path, password is null ? new { email } : new { email, password });
            var headers = string.Join('\n', response.Headers.Concat(response.Content.Headers).Where(h => h.Key is not ("Date" or "X-Request-ID" or "X-Request-Id")).Select(h => $"{h.Key}: {string.Join(',', h.Value)}").Order(StringComparer.Ordinal));
            answers.Add($"{(int)response.StatusCode}\n{headers}\n{Variable().Replace(await response.Content.ReadAsStringAsync(), "\"…\"")}");
        }
        answers[0].ShouldBe(answers[1]);
    }

    /// <summary>Not by a stopwatch: by what is done. The same statements run, the same mails leave (one of them a decoy), the same hashes are computed.</summary>
    [Theory]
    [InlineData("/auth/login", "password")]
    [InlineData("/auth/forgot-password", null)]
    [InlineData("/auth/mail-sign-in", null)]
    public async Task Work_IsTheSameForEveryAddress(string path, string? password)
    {
        var known = $"work{path.Replace('/', '-')}@example.com";
        await identity.RegisterAsync(known);
        var (of, un) = (await StatementsAsync(path, known, password), await StatementsAsync(path, $"un{known}", password));
        of.ShouldNotBeEmpty();
        of.ShouldBe(un);
        var (mails, decoys) = (identity.Mails.To(known).Where(mail => mail.Kind != AccountMailKind.VerifyEmail).ToList(), identity.Mails.To($"un{known}"));
        decoys.Count.ShouldBe(mails.Count);
        decoys.ShouldAllBe(mail => mail.IsDecoy);
        for (var i = 0; i < mails.Count; i++)
            (decoys[i].Kind, decoys[i].Code?.Length, decoys[i].Path?.Length).ShouldBe((mails[i].Kind, mails[i].Code?.Length, mails[i].Path?.Length));
    }

    [Fact]
    public async Task Code_WrongForAnAddressWithAndWithoutAccount_IsRefusedAlike()
    {
        await identity.RegisterAsync("wrong-code@example.com");
        var answers = new List<string>();
        foreach (var email in new[] { "wrong-code@example.com", "unwrong-code@example.com" })
        {
            var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
            using var response = await identity.PostAsync("/auth/mail-sign-in/code", new { challenge = IdentityServer.Text(asked, "challenge"), code = "0000 0000", binding = IdentityServer.Text(asked, "binding") });
            answers.Add($"{(int)response.StatusCode} {Variable().Replace(await response.Content.ReadAsStringAsync(), "\"…\"")}");
        }
        answers[0].ShouldBe(answers[1]);
    }

    // The statements that Npgsql runs while the request is served, by their text.
    private async Task<List<string>> StatementsAsync(string path, string email, string? password)
    {
        var seen = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.TagObjects.FirstOrDefault(tag => tag.Key is "db.query.text" or "db.statement").Value is string text && text.Contains("identity.", StringComparison.Ordinal)
                    && activity.TagObjects.Any(tag => tag.Key is "db.namespace" or "db.name" && tag.Value as string == identity.Database.Name))
                    lock (seen)
                        seen.Add(text);
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var response = await identity.PostAsync(path, password is null ? new { email } : new { email, password });
        lock (seen)
            return [.. seen];
    }

    [GeneratedRegex("\"(chl_|req_)?[A-Za-z0-9_-]{22,}\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();
}

using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Tests.Organizations;

namespace Tollgate.Identity.Tests.Accounts;

/// <summary>Which addresses an account may have, or be invited by: the same wherever one is typed.</summary>
public sealed class EmailAddressTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Theory]
    [InlineData("ada@example.com")]
    [InlineData(" Ada.Lovelace+tollgate@Example.co.uk ")]
    [InlineData("o'brien_1=2@mail.example")]
    [InlineData("ops@intranet")]
    [InlineData("jürgen@bücher.example")]
    [InlineData("用户@例子.广告")]
    [InlineData("a@xn--bcher-kva.example")]
    public void Address_ThatAServerUnderstands_IsTaken(string address) => CodeOf(address).ShouldBeNull();

    [Theory]
    [InlineData("ada")]
    [InlineData("@example.com")]
    [InlineData("ada@")]
    [InlineData("a@b@example.com")]
    [InlineData("ada lovelace@example.com")]
    [InlineData("\"ada lovelace\"@example.com")]
    [InlineData("ada(comment)@example.com")]
    [InlineData("ada<script>@example.com")]
    [InlineData("ada,bob@example.com")]
    [InlineData("ada;bob@example.com")]
    [InlineData("ada:bob@example.com")]
    [InlineData("ada\\bob@example.com")]
    [InlineData(".ada@example.com")]
    [InlineData("ada.@example.com")]
    [InlineData("ada..l@example.com")]
    [InlineData("ada@example..com")]
    [InlineData("ada@.example.com")]
    [InlineData("ada@-example.com")]
    [InlineData("ada@exa_mple.com")]
    [InlineData("ada@[192.0.2.1]")]
    [InlineData("ada@example.com.")]
    [InlineData("ada\u0001@example.com")]
    [InlineData("ada\u007f@example.com")]
    [InlineData("ada\u0085@example.com")]
    [InlineData("ada@exa\r\nmple.com")]
    [InlineData("ada\u200b@example.com")]
    [InlineData("ada\u202ebob@example.com")]
    [InlineData("ada\ufeff@example.com")]
    [InlineData("ada\ue000@example.com")]
    [InlineData("ada\ud800@example.com")]
    [InlineData("ada☃@example.com")]
    [InlineData("ada\u00a0@example.com")]
    [InlineData("ada@example.invalid")]
    [InlineData("deleted-1@deleted.INVALID")]
    [InlineData("ada@invalid")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234x@example.com")]
    [InlineData("ada@1234567890123456789012345678901234567890123456789012345678901234.example")]
    public void Address_ThatIsOdd_IsNot(string address) => CodeOf(address).ShouldBe("EMAIL_INVALID");

    [Fact]
    public void Address_TooLong_IsSaidSo() => CodeOf($"ada@{string.Join('.', Enumerable.Repeat("example", 40))}").ShouldBe("TOO_LONG");

    [Theory]
    [InlineData("ada\u200b@example.com")]
    [InlineData("ada@example.invalid")]
    [InlineData("\"a b\"@example.com")]
    [InlineData("İ@example.com")]
    public async Task OddAddress_IsRefusedWhereverAMailWouldGo(string email)
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        var slug = IdentityServer.Text(organization, "slug");
        foreach (var (path, body) in new (string, object)[]
        {
            ("/auth/register", new { email, password = IdentityServer.Password, name = "Ada" }),
            ("/auth/email", new { email }),
            ($"/api/organizations/{slug}/invitations", new { email, role = "viewer" }),
            // No account has such an address: that no mail comes is said, and tells of nobody.
            ("/auth/forgot-password", new { email }),
            ("/auth/mail-sign-in", new { email }),
        })
        {
            var (status, problem, _) = await ada.SendAsync(HttpMethod.Post, path, body);
            (status, problem.GetProperty("errors").EnumerateArray().Single().GetProperty("code").GetString()).ShouldBe((422, "EMAIL_INVALID"), path);
        }
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("root@my_host")]
    public async Task OddAddress_IsNotSeeded_ForNoMailWouldReachIt(string email)
    {
        (await Should.ThrowAsync<StartupException>(SeedAsync(email))).Message.ShouldBe($"{email}: This is not an e-mail address.");
        (await server.Database.Database.AsWorkerAsync(session => AccountStore.FindByEmailAsync(session, email), CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task AddressOfTheSeed_WhenNoneIsGiven_IsTaken_AndOneFromBeforeIsFound()
    {
        var made = await SeedAsync("operator@localhost");
        made.Created.ShouldBeTrue();
        await server.Database.Database.AsWorkerAsync(session => session.ExecuteAsync("UPDATE identity.account SET email = 'operator@my_host' WHERE id = @id", new { id = made.AccountId }), CancellationToken.None);
        var again = await SeedAsync("operator@my_host");
        (again.AccountId, again.Created).ShouldBe((made.AccountId, false));
    }

    private Task<SeededAccount> SeedAsync(string email) =>
        server.Server.Services.GetRequiredService<IAccountSeeder>().EnsureAccountAsync(email, "Operator", IdentityServer.Password, isOperator: false, CancellationToken.None);

    private static string? CodeOf(string address)
    {
        var errors = new Errors();
        EmailAddress.Check(errors, address);
        return errors.Items.Count == 0 ? null : errors.Items[0].Code;
    }
}

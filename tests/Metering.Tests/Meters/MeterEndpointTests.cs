using System.Net;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering.Tests.Reports;
using Tollgate.Metering.Tests.Usage;

namespace Tollgate.Metering.Tests.Meters;

public sealed class MeterEndpointTests
{
    [Fact]
    public async Task Declare_List_ArchiveAndRestore_KeepTheNameAndTheOwner()
    {
        await using var server = await UsageServer.StartAsync();
        var (status, made) = await server.PostAsync("/api/meters", new { name = "pages.color", unit = " page ", description = "Rendered pages", aggregation = "sum" });
        status.ShouldBe(HttpStatusCode.Created, made.ToString());
        var name = $"x.o-{MeteringDatabase.Id(100):n}.pages.color";
        made.GetProperty("name").GetString().ShouldBe(name);
        made.GetProperty("organization_id").GetString().ShouldBe(TypeId.Format("org", MeteringDatabase.Id(100)));
        made.GetProperty("unit").GetString().ShouldBe("page");
        await server.DeclareAsync("bytes");
        var id = made.GetProperty("id").GetString();

        (await NamesAsync(server, "/api/meters")).ShouldBe([name.Replace("pages.color", "bytes"), name]);
        (await server.PostAsync($"/api/meters/{id}/archive", "")).Status.ShouldBe(HttpStatusCode.OK);
        (await NamesAsync(server, "/api/meters")).ShouldBe([name.Replace("pages.color", "bytes")]);
        (await NamesAsync(server, "/api/meters?archived=true")).Count.ShouldBe(2);
        (await server.PostAsync("/api/meters", new { name = "pages.color", unit = "page" })).Body.GetProperty("code").GetString().ShouldBe("METER_NAME_TAKEN");
        var (restored, again) = await server.PostAsync($"/api/meters/{id}/restore", "");
        restored.ShouldBe(HttpStatusCode.OK);
        again.GetProperty("archived_at").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
    }

    [Theory]
    [InlineData("Pages", "NAME_INVALID")]
    [InlineData("pages..color", "NAME_INVALID")]
    [InlineData("pages\n", "NAME_INVALID")]
    [InlineData("-pages", "NAME_INVALID")]
    [InlineData("", "REQUIRED")]
    [InlineData("a2345678901234567890123456789012345678901", "TOO_LONG")]
    public async Task Declare_ABadName_IsRefusedWithAllThatIsWrong(string name, string code)
    {
        await using var server = await UsageServer.StartAsync();
        var (status, body) = await server.PostAsync("/api/meters", new { name, unit = "", aggregation = "max" });
        status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var errors = body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("code").GetString()).ToList();
        errors.ShouldBe([code, "REQUIRED", "UNKNOWN_VALUE"]);
    }

    [Fact]
    public async Task Meters_OfAnotherOrganization_AreNotThere()
    {
        await using var server = await UsageServer.StartAsync();
        var (_, made) = await server.PostAsync("/api/meters", new { name = "pages", unit = "page" });
        var id = made.GetProperty("id").GetString();
        (await server.PostAsync($"/api/meters/{id}/archive", "", organization: 200)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await NamesAsync(server, "/api/meters", 200)).ShouldBeEmpty();
        (await server.GetAsync($"/api/meters?organization={TypeId.Format("org", MeteringDatabase.Id(100))}", 200)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await server.PostAsync("/api/meters", new { name = "pages", unit = "page" }, organization: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await server.PostAsync("/api/meters", new { name = "more", unit = "page" }, role: OrganizationRole.Viewer)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await server.PostAsync($"/api/meters/{id}/archive", "", role: OrganizationRole.Billing)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Declare_ManyAtOnce_EachHasACodeOfItsOwnAndThe129thIsRefused()
    {
        await using var server = await UsageServer.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => server.DeclareAsync($"m{i}")));
        await server.DeclareAsync("other", provider: 200);
        (await server.Db.RowsAsync($"SELECT min(code), max(code), count(DISTINCT code) FROM metering.meter WHERE organization_id = '{MeteringDatabase.Id(100)}'")).ShouldBe(["(128,167,40)"]);
        (await server.Db.RowsAsync($"SELECT code FROM metering.meter WHERE organization_id = '{MeteringDatabase.Id(200)}'")).ShouldBe(["(128)"]);
        await server.Db.ExecuteAsync($"""
            INSERT INTO metering.meter (id, organization_id, code, name, unit, description, created_at)
            SELECT gen_random_uuid(), '{MeteringDatabase.Id(100)}', code, 'x.filler.m' || code, 'unit', '', now() FROM generate_series(168, 255) AS code
            """);
        var (status, body) = await server.PostAsync("/api/meters", new { name = "onemore", unit = "page" });
        status.ShouldBe(HttpStatusCode.Conflict);
        body.GetProperty("code").GetString().ShouldBe("METER_LIMIT");
        body.GetProperty("detail").GetString()!.ShouldContain("Archiving one makes no room");

        // What has been in plans and counters under a code is never another meter.
        var last = await server.Db.ScalarAsync<Guid>($"SELECT id FROM metering.meter WHERE organization_id = '{MeteringDatabase.Id(100)}' AND code = 255");
        (await server.PostAsync($"/api/meters/{TypeId.Format("meter", last)}/archive", "")).Status.ShouldBe(HttpStatusCode.OK);
        (await server.PostAsync("/api/meters", new { name = "onemore", unit = "page" })).Body.GetProperty("code").GetString().ShouldBe("METER_LIMIT");
        (await server.PostAsync($"/api/meters/{TypeId.Format("meter", last)}/restore", "")).Status.ShouldBe(HttpStatusCode.OK);
        (await server.Db.RowsAsync($"SELECT code FROM metering.meter WHERE id = '{last}'")).ShouldBe(["(255)"]);
        await Should.ThrowAsync<Npgsql.PostgresException>(() => server.Db.Database.AsAppAsync(new TenantContext(MeteringDatabase.Id(1), [MeteringDatabase.Id(100)]),
            session => session.ExecuteAsync("DELETE FROM metering.meter"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Declare_AfterTheNewestIsArchived_GivesTheNextCode()
    {
        await using var server = await UsageServer.StartAsync();
        var (_, first) = await server.PostAsync("/api/meters", new { name = "pages", unit = "page" });
        await server.PostAsync($"/api/meters/{first.GetProperty("id").GetString()}/archive", "");
        await server.DeclareAsync("sheets");
        (await server.Db.RowsAsync("SELECT code, name LIKE '%sheets' AS sheets FROM metering.meter")).ShouldBe(["(128,f)", "(129,t)"]);
    }

    private static async Task<List<string?>> NamesAsync(UsageServer server, string path, int organization = 100) =>
        [.. (await server.GetAsync(path, organization)).Body.GetProperty("data").EnumerateArray().Select(meter => meter.GetProperty("name").GetString())];
}

using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tests.Organizations;

public sealed class SlugReleaseTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task FormerSlug_After180Days_LeadsNowhereAndMayBeTaken()
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        var (slug, id) = (IdentityServer.Text(organization, "slug"), IdentityServer.Text(organization, "id"));
        await ada.MakeAsync($"/api/organizations/{slug}", new { slug = $"{slug}-new" }, HttpMethod.Patch);

        server.Clock.Advance(TimeSpan.FromDays(179));
        await RunAsync();
        (await Former.FindAsync(slug, TestContext.Current.CancellationToken)).ShouldBe($"{slug}-new");
        server.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();
        (await Former.FindAsync(slug, TestContext.Current.CancellationToken)).ShouldBeNull();
        TypeId.TryParse(id, "org", out var guid).ShouldBeTrue();
        server.Above.Names[guid].FormerSlugs.ShouldBeEmpty();
        var eve = await server.PersonAsync("Eve");
        IdentityServer.Text(await eve.MakeAsync("/api/organizations", new { name = "Mine", slug }), "slug").ShouldBe(slug);
    }

    private IFormerSlugs Former => server.Server.Services.GetRequiredService<IFormerSlugs>();

    private Task RunAsync() => ActivatorUtilities.CreateInstance<ReleaseFormerSlugs>(server.Server.Services).RunAsync(TestContext.Current.CancellationToken);
}

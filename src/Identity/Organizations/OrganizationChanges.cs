using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.SecondFactor;

namespace Tollgate.Identity.Organizations;

/// <summary>Making, renaming and removing organizations, each in one transaction with what other modules keep of them.</summary>
internal sealed class OrganizationChanges(
    OrganizationStore store, SlugStore slugs, IEnumerable<IOrganizationStep> steps, IEnumerable<IOrganizationRemovalCheck> checks, IOutbox outbox, IAuditLog audit, TimeProvider clock)
{
    private const int MostOfAnAccount = 50;

    private static readonly Failure SlugTaken = Failure.Conflict("ORGANIZATION_SLUG_TAKEN", "This slug belongs to another organization, or did until a short time ago.");

    private static readonly Failure NoSecondFactor = Failure.Conflict("NO_SECOND_FACTOR", "Your own account has no second factor. Add an authenticator app or a passkey first.");

    /// <param name="session">As app, in a context that names the new id.</param>
    public async Task<Outcome<Organization>> CreateAsync(DbSession session, AuditActor actor, Caller caller, Guid id, CreateOrganizationRequest request)
    {
        if (caller.Memberships.Count >= MostOfAnAccount)
            return Failure.Conflict("TOO_MANY_ORGANIZATIONS", $"An account is a member of at most {MostOfAnAccount} organizations.");
        if (!await Joining.HoldAsync(session, caller.AccountId).ConfigureAwait(false))
            return SlowBody.Ended;
        var name = request.Name!.Trim();
        var zone = string.IsNullOrEmpty(request.TimeZone) ? "UTC" : request.TimeZone;
        var made = string.IsNullOrEmpty(request.Slug)
            ? await MakeWithFreeSlugAsync(session, caller, id, name, zone).ConfigureAwait(false)
            : await store.TryCreateAsync(session, id, caller.AccountId, request.Slug, name, zone, personal: false).ConfigureAwait(false);
        if (made is null)
            return SlugTaken;
        await audit.WriteAsync(session, actor, new AuditChange("organization.created", TypeId.Format("org", id), id, After: Shown(made))).ConfigureAwait(false);
        return made;
    }

    public async Task<Outcome<Organization>> EditAsync(DbSession session, AuditActor actor, Caller caller, Guid id, EditOrganizationRequest request)
    {
        if (await OrganizationStore.LockAsync(session, id).ConfigureAwait(false) is not { } before)
            return Failure.NotFound("organization");
        var after = before with
        {
            Name = request.Name?.Trim() ?? before.Name,
            Slug = request.Slug ?? before.Slug,
            TimeZone = string.IsNullOrEmpty(request.TimeZone) ? before.TimeZone : request.TimeZone,
            RequireSecondFactor = request.RequireSecondFactor ?? before.RequireSecondFactor,
        };
        if (after == before)
            return before;
        if (after.RequireSecondFactor != before.RequireSecondFactor && await SecondFactorRefusalAsync(session, caller, id).ConfigureAwait(false) is { } refused)
            return refused;
        var former = await SlugStore.FormerAsync(session, id).ConfigureAwait(false);
        if (after.Slug != before.Slug)
        {
            if (former.Count >= SlugStore.MostFormer && !former.Contains(after.Slug, StringComparer.Ordinal))
                return Failure.Conflict("TOO_MANY_SLUGS", $"The organization gave up {former.Count} slugs in the last {SlugStore.HeldFor.Days} days. Take one of them up again, or wait.");
            if (!await slugs.ExchangeAsync(session, id, before.Slug, after.Slug).ConfigureAwait(false))
                return SlugTaken;
            former = await SlugStore.FormerAsync(session, id).ConfigureAwait(false);
        }
        await session.ExecuteAsync("UPDATE identity.organization SET name = @Name, slug = @Slug, time_zone = @TimeZone, require_second_factor = @RequireSecondFactor, updated_at = @now WHERE id = @Id",
            new { after.Name, after.Slug, after.TimeZone, after.RequireSecondFactor, after.Id, now = clock.GetUtcNow() }).ConfigureAwait(false);
        if (after.Slug != before.Slug || after.Name != before.Name)
            foreach (var step in steps)
                await step.RenamedAsync(session, new OrganizationNames(id, after.Slug, after.Name, former)).ConfigureAwait(false);
        if (after.RequireSecondFactor && !before.RequireSecondFactor)
            await outbox.PublishAsync(session, SecondFactorAsked.Type, 1, new SecondFactorAsked(id)).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange("organization.changed", TypeId.Format("org", id), id, Shown(before), Shown(after))).ConfigureAwait(false);
        return after;
    }

    /// <summary>Its rows stay for usage and invoices; nobody is a member of it any more, and its slug is held like one that was given up.</summary>
    public async Task<Outcome<bool>> RemoveAsync(DbSession session, AuditActor actor, Membership organization)
    {
        if (organization.Personal)
            return MemberChanges.Personal;
        var id = organization.OrganizationId;
        if (await OrganizationStore.LockAsync(session, id).ConfigureAwait(false) is not { } before)
            return Failure.NotFound("organization");
        var hindrances = new List<string>();
        foreach (var check in checks)
            if (await check.HindranceAsync(session, id).ConfigureAwait(false) is { } hindrance)
                hindrances.Add(hindrance);
        if (hindrances.Count > 0)
            return Failure.Conflict("ORGANIZATION_IN_USE", $"There are still {string.Join(" and ", hindrances)}. End these first.");
        await audit.WriteAsync(session, actor, new AuditChange("organization.removed", TypeId.Format("org", id), id, Shown(before))).ConfigureAwait(false);
        await slugs.RetireAsync(session, id, before.Slug).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        await session.ExecuteAsync("UPDATE identity.organization SET removed_at = @now, updated_at = @now, slug = 'removed-' || id WHERE id = @id", new { id, now }).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE identity.invitation SET ended_at = @now, outcome = 'withdrawn' WHERE organization_id = @id AND ended_at IS NULL", new { id, now }).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE identity.api_token SET ended_at = @now WHERE organization_id = @id AND ended_at IS NULL", new { id, now }).ConfigureAwait(false);
        await session.ExecuteAsync("DELETE FROM identity.member WHERE organization_id = @id", new { id }).ConfigureAwait(false);
        return true;
    }

    // Who asks it of others has one at hand, under the organization's lock: whoever removes the last one of an account waits for that, or was first (LastFactor).
    private async Task<Failure?> SecondFactorRefusalAsync(DbSession session, Caller caller, Guid id)
    {
        if (await ActingMember.OwnerRefusalAsync(session, caller, id, clock.GetUtcNow()).ConfigureAwait(false) is { } refused)
            return refused;
        if (!await HeldFactor.IsThereAsync(session, caller.AccountId).ConfigureAwait(false))
            return NoSecondFactor;
        return caller.SecondFactorShown ? null : AccountConditions.SecondFactorRequired;
    }

    private async Task<Organization?> MakeWithFreeSlugAsync(DbSession session, Caller caller, Guid id, string name, string zone)
    {
        var wanted = Slug.From(name);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var slug = attempt == 0 && !Slug.IsReserved(wanted) ? wanted : Slug.WithTail(wanted);
            if (await store.TryCreateAsync(session, id, caller.AccountId, slug, name, zone, personal: false).ConfigureAwait(false) is { } made)
                return made;
        }
        return null;
    }

    private static object Shown(Organization organization) => new { organization.Name, organization.Slug, organization.TimeZone, organization.RequireSecondFactor };
}

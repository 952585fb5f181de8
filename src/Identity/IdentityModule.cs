using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.ApiTokens;
using Tollgate.Identity.Admin;
using Tollgate.Identity.Audit;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.EmailProof;
using Tollgate.Identity.MailSignIn;
using Tollgate.Identity.OpenIdConnect;
using Tollgate.Identity.Organizations;
using Tollgate.Identity.Passkeys;
using Tollgate.Identity.Passwords;
using Tollgate.Identity.SecondFactor;
using Tollgate.Identity.Sessions;
using Tollgate.Identity.StepUp;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity;

/// <summary>The door of the module: accounts, sessions, organizations and their members.</summary>
public static class IdentityModule
{
    public static SqlModule Sql { get; } = new("identity", typeof(IdentityModule).Assembly);

    /// <summary>Settings: Identity__RegistersPerHour (60), Identity__LoginsPerMinute (60), Identity__MailsPerHour (30), Identity__RefreshesPerMinute (300), each by client address.</summary>
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddAuthentication(SessionAuthentication.SchemeName).AddScheme<AuthenticationSchemeOptions, SessionAuthentication>(SessionAuthentication.SchemeName, null);
        services.AddAuthorization();
        services.AddSingleton<HashSlots>().AddSingleton<PasswordHasher>().AddSingleton<ModuleKeys>().AddSingleton<AccessTokens>().AddSingleton<SessionStore>();
        services.AddSingleton<OrganizationStore>().AddSingleton<IOrganizations>(provider => provider.GetRequiredService<OrganizationStore>());
        services.AddSingleton<SlugStore>().AddSingleton<IFormerSlugs>(provider => provider.GetRequiredService<SlugStore>());
        services.AddSingleton<ISigningKeyRotation, SigningKeyRotation>().AddSingleton<ApiTokenStore>();
        services.AddSingleton<OrganizationChanges>().AddSingleton<MemberChanges>().AddSingleton<Invitations>();
        services.AddSingleton<AccountStore>().AddSingleton<Authentication>().AddSingleton<CallerStore>().AddSingleton<IAccountSeeder, AccountSeeder>();
        services.TryAddSingleton<IAccountMailer, NoMail>();
        AddSignIn(services, configuration);
        services.AddSingleton(new SealedColumn("identity.module_key", "sealed", "'identity.' || purpose"));
        services.AddSingleton(new SealedColumn("identity.totp", "sealed", "'identity.totp'"));
        services.AddSingleton(new SealedColumn("identity.totp_offer", "sealed", "'identity.totp'"));
        services.AddSingleton<IAuditLog, AuditLog>().AddSingleton<AuditReader>().AddSingleton<IOrganizationContacts, OrganizationContacts>();
        services.AddSingleton<OrganizationSuspensions>().AddSingleton<AdminLooks>().AddSingleton<AdminActs>().AddSingleton<IOperators>(provider => provider.GetRequiredService<AdminActs>());
        services.AddAddressLimit(AuthEndpoints.RegisterLimit, Setting(configuration, "RegistersPerHour", 60), TimeSpan.FromHours(1));
        services.AddAddressLimit(AuthEndpoints.LoginLimit, Setting(configuration, "LoginsPerMinute", 60), TimeSpan.FromMinutes(1));
        services.AddAddressLimit(JwksEndpoint.Limit, Setting(configuration, "KeysPerMinute", 300), TimeSpan.FromMinutes(1));
        services.AddAddressLimit(SignInEndpoints.MailLimit, Setting(configuration, "MailsPerHour", 30), TimeSpan.FromHours(1));
        services.AddAddressLimit(AuthEndpoints.RefreshLimit, Setting(configuration, "RefreshesPerMinute", 300), TimeSpan.FromMinutes(1));
        return services;
    }

    private static void AddSignIn(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<ChallengeStore>().AddSingleton<AttemptCounts>().AddSingleton<AttemptLimits>().AddSingleton<MailLimits>().AddSingleton<SignIns>().AddSingleton<WaysIn>().AddSingleton<EmailVerification>().AddSingleton<PasswordChanges>();
        services.AddSingleton(new SecondFactorDemand(configuration)).AddSingleton<LastFactor>().AddSingleton<FactorRemoval>();
        services.AddSingleton<MailSignIns>().AddSingleton<TotpStore>().AddSingleton<RecoveryCodes>().AddSingleton<SecondFactors>().AddSingleton<SecurityNews>();
        services.AddSingleton<AccountSecurity>().AddSingleton<AccountDeletion>().AddSingleton<AccountDisabling>().AddSingleton<IAccountDeletionCheck, OrganizationNeedsOwner>().AddSingleton<IAccountDeletionCheck, OrganizationInUse>();
        services.AddSingleton<PruneSignInState>().AddOutboxHandler<ForgetOrganizationCopies>().AddOutboxHandler<SuspensionNews>().AddOutboxHandler<SecondFactorNews>();
        // Now, and not when somebody first asks: a wrong setting stops the start.
        services.AddSingleton(new OidcProviders(configuration)).AddSingleton<OidcHttp>().AddSingleton<OidcDirectory>().AddSingleton<OidcClient>().AddSingleton<OutsideIdentityStore>().AddSingleton<OidcSignIns>();
        // The framework's own are made for each request.
        services.AddIdentityCore<AccountRow>().AddUserStore<AccountUserStore>();
        services.AddScoped<IPasskeyHandler<AccountRow>, PasskeyHandler<AccountRow>>();
        services.Configure<IdentityPasskeyOptions>(options => PasskeySettings.Apply(options, configuration));
        services.AddSingleton<PasskeyStore>().AddScoped<PasskeySignIns>().AddScoped<StepUps>();
    }

    public static IEndpointRouteBuilder MapIdentity(this IEndpointRouteBuilder routes)
    {
        AuthEndpoints.Map(routes);
        OidcEndpoints.Map(routes);
        AuditEndpoints.Map(routes);
        OrganizationEndpoints.Map(routes);
        SessionEndpoints.Map(routes);
        JwksEndpoint.Map(routes);
        ApiTokenEndpoints.Map(routes);
        AdminEndpoints.Map(routes);
        return routes;
    }

    internal static int Setting(IConfiguration configuration, string name, int fallback)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var text = configuration[$"Identity:{name}"];
        if (string.IsNullOrEmpty(text))
            return fallback;
        return int.TryParse(text, out var value) && value > 0 ? value : throw new InvalidOperationException($"Identity__{name} must be a whole number above 0.");
    }
}

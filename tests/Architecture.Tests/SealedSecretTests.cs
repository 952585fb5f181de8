using System.Text.RegularExpressions;

namespace Tollgate.Architecture.Tests;

/// <summary>Whatever is sealed can be sealed with another key: each place that seals is named here with the column that `tollgate rotate-keys` knows, or with why it needs none.</summary>
public sealed partial class SealedSecretTests
{
    private static readonly Dictionary<string, string> Places = new(StringComparer.Ordinal)
    {
        ["src/Foundation/Http/Idempotency.cs"] = "foundation.idempotency_key.answer",
        ["src/Foundation/Secrets/SecretRotation.cs"] = "seals what the others have sealed",
        ["src/Gateway/Apis/UpstreamSecrets.cs"] = "gateway.api_upstream.headers, gateway.api_upstream.signing_secret",
        ["src/Gateway/Routing/RouteCodec.cs"] = "a copy on disk: what a node cannot open it reads from the database again",
        ["src/Identity/SecondFactor/TotpStore.cs"] = "identity.totp.sealed, identity.totp_offer.sealed",
        ["src/Identity/Tokens/ModuleKeys.cs"] = "identity.module_key.sealed",
        ["src/Messaging/Mail/OutboxMailer.cs"] = "erased when it is sent, three days later at the most",
    };

    [Fact]
    public void EveryPlaceThatSeals_IsKnownToTheRotationOrHasAReason() => Sealing().ShouldBe(Places.Keys, ignoreOrder: true);

    [Fact]
    public void EveryColumn_IsRegistered()
    {
        var registered = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*Module.cs", SearchOption.AllDirectories)
            .SelectMany(file => Registration().Matches(File.ReadAllText(file)).Select(match => $"{match.Groups["table"].Value}.{match.Groups["column"].Value}"));
        registered.ShouldBe(Places.Values.SelectMany(value => Column().Matches(value).Select(match => match.Value)), ignoreOrder: true);
    }

    private static IEnumerable<string> Sealing() => Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/Metering/Journal/", StringComparison.Ordinal) && Call().IsMatch(File.ReadAllText(file)))
        .Select(file => Path.GetRelativePath(Repository.Root, file));

    [GeneratedRegex(@"\b(box|secrets|_box|_secrets)\.Seal\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Call();

    [GeneratedRegex("new SealedColumn\\(\"(?<table>[a-z_.]+)\", \"(?<column>[a-z_]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Registration();

    [GeneratedRegex(@"\b[a-z]+\.[a-z_]+\.[a-z_]+\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Column();
}
